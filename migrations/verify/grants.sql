-- Verify shikaku:grants on pg

BEGIN;

DO $$
DECLARE
  wrong text;
BEGIN
  SELECT string_agg(format('%s on %s', privilege, relation), ', ') INTO wrong
    FROM (VALUES
      ('shikaku.checks', 'SELECT', true), ('shikaku.checks', 'INSERT', true), ('shikaku.checks', 'UPDATE', false),
      ('shikaku.checks', 'DELETE', false), ('shikaku.checks', 'TRUNCATE', false),
      ('shikaku.standings', 'SELECT', true), ('shikaku.standings', 'INSERT', false), ('shikaku.standings', 'UPDATE', false),
      ('shikaku.standings', 'DELETE', false),
      ('shikaku.members', 'SELECT', true), ('shikaku.members', 'DELETE', false), ('shikaku.members_history', 'SELECT', true),
      ('shikaku.members_history', 'INSERT', false), ('shikaku.members_history', 'UPDATE', false),
      ('shikaku.members_history', 'DELETE', false),
      ('shikaku.tokens', 'INSERT', true), ('shikaku.tokens', 'UPDATE', false), ('shikaku.tokens', 'DELETE', false),
      ('shikaku.schema_version', 'SELECT', true), ('shikaku.schema_version', 'UPDATE', false)
    ) AS expected (relation, privilege, allowed)
    WHERE has_table_privilege('shikaku_service', relation, privilege) <> allowed;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'shikaku_service has or lacks, unlike what is meant: %', wrong;
  END IF;
  IF NOT has_function_privilege('shikaku_service', 'shikaku.keep_check_partitions(date)', 'EXECUTE')
      OR NOT has_function_privilege('shikaku_service', 'shikaku.compare_standings()', 'EXECUTE')
      OR has_function_privilege('shikaku_service', 'shikaku.rebuild_standings()', 'EXECUTE')
      OR has_function_privilege('shikaku_service', 'shikaku.refresh_standings(bigint[])', 'EXECUTE') THEN
    RAISE EXCEPTION 'shikaku_service may call what it should not, or may not what it should';
  END IF;
  IF EXISTS (SELECT FROM pg_catalog.pg_class
      WHERE relnamespace = 'shikaku'::regnamespace AND relowner = 'shikaku_service'::regrole) THEN
    RAISE EXCEPTION 'shikaku_service owns something';
  END IF;
END
$$;

ROLLBACK;
