-- Revert shikaku:jobs from pg

BEGIN;

DROP TABLE shikaku.jobs;

COMMIT;
