-- Verify shikaku:insurer_records on pg

BEGIN;

DO $$
DECLARE
  served regprocedure;
BEGIN
  FOREACH served IN ARRAY ARRAY[
    'shikaku.find_insurer(text)',
    'shikaku.put_insurer(text, timestamptz, timestamptz, text, text, text, text, text, text, bytea, text, smallint, text, text)',
    'shikaku.find_workplace(text, text)',
    'shikaku.put_workplace(text, text, timestamptz, boolean, timestamptz, text, text, text, text, text)',
    'shikaku.remove_workplace(text, text, boolean, timestamptz)',
    'shikaku.list_workplaces(text, text, bigint)']::regprocedure[]
  LOOP
    IF NOT (SELECT p.prosecdef AND p.proowner = 'shikaku_insurer'::regrole FROM pg_catalog.pg_proc AS p WHERE p.oid = served) THEN
      RAISE EXCEPTION '% sees the members of every insurer', served;
    END IF;
    IF NOT has_function_privilege('shikaku_service', served, 'EXECUTE') THEN
      RAISE EXCEPTION 'shikaku_service may not run %', served;
    END IF;
  END LOOP;
  IF has_schema_privilege('shikaku_insurer', 'shikaku', 'CREATE') THEN
    RAISE EXCEPTION 'shikaku_insurer may make things of its own';
  END IF;
END
$$;

ROLLBACK;
