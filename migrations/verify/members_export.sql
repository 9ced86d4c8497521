-- Verify shikaku:members_export on pg

BEGIN;

SELECT 1 / (has_function_privilege('shikaku_service', 'shikaku.export_members(text, text, integer)', 'EXECUTE')
  AND NOT has_function_privilege('shikaku_service', 'shikaku.enter_insurer(text)', 'EXECUTE'))::integer;

ROLLBACK;
