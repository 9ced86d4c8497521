-- Verify shikaku:insurer_statistics on pg

BEGIN;

SELECT insurer_number FROM shikaku.checks WHERE false;
SELECT members, insured, registered, linked, mismatch FROM (SELECT (NULL::shikaku.member_counts).*) AS c WHERE false;

DO $$
DECLARE
  seen text;
  served CONSTANT regprocedure := 'shikaku.count_members(text, date, date, bigint)';
BEGIN
  FOREACH seen IN ARRAY ARRAY['own_standings', 'own_registrations', 'own_certificates', 'own_checks'] LOOP
    IF NOT (SELECT coalesce(reloptions, '{}') @> ARRAY['security_barrier=true'] FROM pg_catalog.pg_class WHERE oid = format('shikaku.%I', seen)::regclass)
        OR pg_get_viewdef(format('shikaku.%I', seen)::regclass) NOT LIKE '%current_setting(''shikaku.insurer''%' THEN
      RAISE EXCEPTION 'nothing keeps insurers apart in %', seen;
    END IF;
    IF has_table_privilege('shikaku_service', format('shikaku.%I', seen), 'SELECT') THEN
      RAISE EXCEPTION 'shikaku_service may read %', seen;
    END IF;
  END LOOP;
  IF NOT (SELECT p.prosecdef AND p.proowner = 'shikaku_insurer'::regrole FROM pg_catalog.pg_proc AS p WHERE p.oid = served) THEN
    RAISE EXCEPTION '% sees the members of every insurer', served;
  END IF;
  IF NOT has_function_privilege('shikaku_service', served, 'EXECUTE') THEN
    RAISE EXCEPTION 'shikaku_service may not run %', served;
  END IF;
  IF has_schema_privilege('shikaku_insurer', 'shikaku', 'CREATE') THEN
    RAISE EXCEPTION 'shikaku_insurer may make things of its own';
  END IF;
END
$$;

ROLLBACK;
