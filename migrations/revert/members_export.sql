-- Revert shikaku:members_export from pg

BEGIN;

DROP FUNCTION shikaku.export_members(text, text, integer);

COMMIT;
