-- Revert shikaku:checks from pg

BEGIN;

DROP TABLE shikaku.checks;
DROP FUNCTION shikaku.keep_check_partitions(date);

COMMIT;
