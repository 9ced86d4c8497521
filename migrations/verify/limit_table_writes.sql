-- Verify shikaku:limit_table_writes on pg

BEGIN;

SELECT ended_the_one_before FROM shikaku.limit_tables WHERE false;

DO $$
DECLARE
  served regprocedure;
BEGIN
  FOREACH served IN ARRAY ARRAY[
    'shikaku.list_limit_tables(date)',
    'shikaku.find_limit_table(date, date)',
    'shikaku.add_limit_table(timestamptz, date, bigint, date, date, text, text, jsonb, text, bytea, bytea)',
    'shikaku.replace_limit_table(timestamptz, date, bigint, date, bigint, date, date, text, text, jsonb)',
    'shikaku.withdraw_limit_table(timestamptz, date, bigint, date, bigint)']::regprocedure[]
  LOOP
    IF NOT (SELECT p.prosecdef AND p.proowner = 'shikaku_owner'::regrole FROM pg_catalog.pg_proc AS p WHERE p.oid = served)
        OR NOT has_function_privilege('shikaku_service', served, 'EXECUTE') THEN
      RAISE EXCEPTION 'shikaku_service cannot run %', served;
    END IF;
  END LOOP;
  IF has_function_privilege('shikaku_service',
      'shikaku.write_limit_table(date, date, text, text, jsonb, timestamptz, bigint, boolean)', 'EXECUTE')
      OR has_table_privilege('shikaku_service', 'shikaku.limit_tables', 'INSERT, UPDATE, DELETE, TRUNCATE')
      OR has_table_privilege('shikaku_service', 'shikaku.limit_amounts', 'INSERT, UPDATE, DELETE, TRUNCATE') THEN
    RAISE EXCEPTION 'shikaku_service writes limit tables without being asked whether they have begun';
  END IF;
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_trigger AS t
      WHERE t.tgrelid = 'shikaku.limit_tables'::regclass AND t.tgname = 'limit_tables_leave_no_gap' AND t.tginitdeferred
        AND t.tgenabled = 'O')
      OR NOT EXISTS (SELECT FROM pg_catalog.pg_constraint
        WHERE conrelid = 'shikaku.limit_tables'::regclass AND conname = 'withdrawn_before_it_begins' AND convalidated) THEN
    RAISE EXCEPTION 'limit tables could leave a gap, or be taken back when they have begun';
  END IF;
END
$$;

ROLLBACK;
