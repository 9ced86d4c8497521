-- Revert shikaku:history from pg

BEGIN;

DROP FUNCTION shikaku.keep_history() CASCADE; -- and the triggers that call it
DO $$
DECLARE
  table_name text;
BEGIN
  FOREACH table_name IN ARRAY ARRAY['members', 'memberships', 'ratios', 'links', 'eligibility_certificates'] LOOP
    EXECUTE format('DROP TRIGGER b_history_is_not_truncated ON shikaku.%I', table_name);
    EXECUTE format('DROP TABLE shikaku.%I', table_name || '_history');
  END LOOP;
END
$$;

COMMIT;
