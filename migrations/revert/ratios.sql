-- Revert shikaku:ratios from pg

BEGIN;

DROP TABLE shikaku.ratios;

COMMIT;
