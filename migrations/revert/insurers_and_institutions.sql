-- Revert shikaku:insurers_and_institutions from pg

BEGIN;

DROP TABLE shikaku.institutions;
DROP TABLE shikaku.insurers;

COMMIT;
