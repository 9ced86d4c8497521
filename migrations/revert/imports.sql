-- Revert shikaku:imports from pg
-- What was merged stays.

BEGIN;

DROP TABLE shikaku.staged_members;
DROP TABLE shikaku.import_missing, shikaku.import_errors, shikaku.imports;

COMMIT;
