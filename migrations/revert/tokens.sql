-- Revert shikaku:tokens from pg

BEGIN;

DROP TABLE shikaku.tokens;

COMMIT;
