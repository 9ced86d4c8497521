-- Verify shikaku:ceiling_month_writes on pg

BEGIN;

DO $$
DECLARE
  served CONSTANT regprocedure := 'shikaku.report_ceiling_month(uuid, timestamptz, bigint, text, bigint, date, text, boolean)';
BEGIN
  IF NOT (SELECT p.prosecdef AND p.proowner = 'shikaku_insurer'::regrole FROM pg_catalog.pg_proc AS p WHERE p.oid = served) THEN
    RAISE EXCEPTION '% writes of the members of every insurer', served;
  END IF;
  IF NOT has_function_privilege('shikaku_service', served, 'EXECUTE') THEN
    RAISE EXCEPTION 'shikaku_service may not run %', served;
  END IF;
  IF has_table_privilege('shikaku_insurer', 'shikaku.ceiling_months', 'UPDATE, DELETE') THEN
    RAISE EXCEPTION 'what is on record of ceiling months can be changed';
  END IF;
  IF has_schema_privilege('shikaku_insurer', 'shikaku', 'CREATE') THEN
    RAISE EXCEPTION 'shikaku_insurer may make things of its own';
  END IF;
END
$$;

ROLLBACK;
