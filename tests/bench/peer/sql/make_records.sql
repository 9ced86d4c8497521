-- The peers' records: columns, constraints and index of shikaku.checks, in one table without partitions. The table is emptied
-- before each slice, so nothing is gained from vacuuming it.
CREATE SCHEMA IF NOT EXISTS peer;
DROP TABLE IF EXISTS peer.checks;
CREATE TABLE peer.checks (LIKE shikaku.checks INCLUDING CONSTRAINTS) WITH (autovacuum_enabled = off);
CREATE INDEX peer_checks_check_id ON peer.checks (check_id);
GRANT USAGE ON SCHEMA peer TO shikaku_service;
GRANT SELECT, INSERT ON peer.checks TO shikaku_service;
