-- Revert shikaku:job_records from pg

BEGIN;

DROP FUNCTION shikaku.page_import_missing(text, uuid, text, bigint);
DROP FUNCTION shikaku.page_import_errors(text, uuid, text, bigint);
DROP FUNCTION shikaku.find_import(text, uuid, timestamptz);
DROP FUNCTION shikaku.find_job(text, uuid);
DO $$
DECLARE
  walled text;
BEGIN
  FOREACH walled IN ARRAY ARRAY['import_missing', 'import_errors', 'imports', 'jobs'] LOOP
    EXECUTE format('REVOKE SELECT ON shikaku.%I FROM shikaku_insurer', walled);
    EXECUTE format('DROP POLICY the_service_reads_all ON shikaku.%I', walled);
    EXECUTE format('DROP POLICY the_insurers_own ON shikaku.%I', walled);
    EXECUTE format('ALTER TABLE shikaku.%I DISABLE ROW LEVEL SECURITY', walled);
  END LOOP;
END
$$;
ALTER TABLE shikaku.import_errors DROP COLUMN error_id;

COMMIT;
