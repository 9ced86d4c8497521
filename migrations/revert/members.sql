-- Revert shikaku:members from pg

BEGIN;

DROP TABLE shikaku.members;
DROP TABLE shikaku.persons;

COMMIT;
