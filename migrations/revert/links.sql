-- Revert shikaku:links from pg

BEGIN;

DROP TABLE shikaku.links;

COMMIT;
