-- Verify shikaku:member_search on pg

BEGIN;

DO $$
DECLARE
  served regprocedure;
BEGIN
  FOREACH served IN ARRAY ARRAY['shikaku.list_members(text, text, bigint, text, text, text, date)',
    'shikaku.search_members(text, text, bigint, text, text, text, text, text, date)']::regprocedure[]
  LOOP
    IF NOT (SELECT p.prosecdef AND p.proowner = 'shikaku_insurer'::regrole FROM pg_catalog.pg_proc AS p WHERE p.oid = served) THEN
      RAISE EXCEPTION '% sees the members of every insurer', served;
    END IF;
    IF NOT has_function_privilege('shikaku_service', served, 'EXECUTE') THEN
      RAISE EXCEPTION 'shikaku_service may not run %', served;
    END IF;
  END LOOP;
  IF has_function_privilege('shikaku_service', 'shikaku.members_named(text, text[], bigint)', 'EXECUTE') THEN
    RAISE EXCEPTION 'shikaku_service may look for the members of every insurer';
  END IF;
  IF has_schema_privilege('shikaku_insurer', 'shikaku', 'CREATE') THEN
    RAISE EXCEPTION 'shikaku_insurer may make things of its own';
  END IF;
END
$$;

SELECT 'shikaku.members_names'::regclass, 1 / count(*)
  FROM pg_catalog.pg_attribute WHERE attrelid = 'shikaku.members_workplace'::regclass AND attname = 'member_id';

ROLLBACK;
