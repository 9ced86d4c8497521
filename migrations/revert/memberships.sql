-- Revert shikaku:memberships from pg

BEGIN;

DROP TABLE shikaku.memberships;
DROP FUNCTION shikaku.memberships_do_not_overlap();

COMMIT;
