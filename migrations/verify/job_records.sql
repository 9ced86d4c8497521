-- Verify shikaku:job_records on pg

BEGIN;

SELECT error_id FROM shikaku.import_errors WHERE false;

DO $$
DECLARE
  walled text;
  served text;
BEGIN
  FOREACH walled IN ARRAY ARRAY['jobs', 'imports', 'import_errors', 'import_missing'] LOOP
    IF NOT (SELECT c.relrowsecurity FROM pg_catalog.pg_class AS c WHERE c.oid = ('shikaku.' || walled)::regclass)
        OR (SELECT count(*) FROM pg_catalog.pg_policy AS p WHERE p.polrelid = ('shikaku.' || walled)::regclass) <> 2 THEN
      RAISE EXCEPTION 'insurers could see each other''s %', walled;
    END IF;
  END LOOP;
  FOREACH served IN ARRAY ARRAY['shikaku.find_job(text, uuid)', 'shikaku.find_import(text, uuid, timestamptz)',
    'shikaku.page_import_errors(text, uuid, text, bigint)', 'shikaku.page_import_missing(text, uuid, text, bigint)']
  LOOP
    IF NOT has_function_privilege('shikaku_service', served, 'EXECUTE')
        OR (SELECT p.proowner FROM pg_catalog.pg_proc AS p WHERE p.oid = served::regprocedure) <> 'shikaku_insurer'::regrole THEN
      RAISE EXCEPTION '% is not as it should be', served;
    END IF;
  END LOOP;
END
$$;

ROLLBACK;
