-- The roles, made once a cluster by a superuser who is connected to the service's database. Running it again changes
-- nothing. Roles are cluster-wide, so no migration makes or drops them.
--
--   shikaku_owner    owns the schema and runs the migrations (MIGRATE_URL)
--   shikaku_service  the running service (DATABASE_URL); owns nothing
--   shikaku_insurer  nobody logs in as it: it owns the functions that serve one insurer, and row-level security shows it that
--                    insurer's rows only

\set ON_ERROR_STOP on
SET client_min_messages = warning;

DO $$
DECLARE
  role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['shikaku_owner', 'shikaku_service'] LOOP
    BEGIN
      IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = role_name) THEN
        EXECUTE pg_catalog.format('CREATE ROLE %I LOGIN', role_name);
      END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL; -- another session made it meanwhile
    END;
  END LOOP;
  BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'shikaku_insurer') THEN
      CREATE ROLE shikaku_insurer NOLOGIN;
    END IF;
    -- So that the owner can give it functions.
    IF NOT pg_catalog.pg_has_role('shikaku_owner', 'shikaku_insurer', 'MEMBER') THEN
      GRANT shikaku_insurer TO shikaku_owner;
    END IF;
  EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
  END;
  -- sqitch keeps its registry in a schema of its own; btree_gist is a trusted extension.
  EXECUTE pg_catalog.format('GRANT CONNECT, CREATE, TEMPORARY ON DATABASE %I TO shikaku_owner', pg_catalog.current_database());
  EXECUTE pg_catalog.format('GRANT CONNECT ON DATABASE %I TO shikaku_service', pg_catalog.current_database());
END
$$;

-- Every name in our SQL is qualified; a time-out guards the service's ordinary statements, jobs set their own.
ALTER ROLE shikaku_owner SET search_path = '';
ALTER ROLE shikaku_service SET search_path = '';
ALTER ROLE shikaku_service SET statement_timeout = '10s';
ALTER ROLE shikaku_service SET idle_in_transaction_session_timeout = '60s';
