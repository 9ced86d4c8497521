-- Verify shikaku:idempotency_keys on pg

BEGIN;

SELECT token_id, key_digest, route, request_digest, outcome, answer, created_at, expires_at FROM shikaku.idempotency_keys WHERE false;
SELECT 'shikaku.find_idempotent(bigint, bytea, bytea, timestamptz)'::regprocedure,
  'shikaku.keep_idempotent(bigint, bytea, text, bytea, text, jsonb, timestamptz)'::regprocedure;

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = 'shikaku.idempotency_keys'::regclass AND contype = 'p') THEN
    RAISE EXCEPTION 'a key could be kept twice';
  END IF;
  IF NOT has_function_privilege('shikaku_service', 'shikaku.forget_idempotency_keys(timestamptz)', 'EXECUTE')
      OR has_function_privilege('shikaku_service', 'shikaku.find_idempotent(bigint, bytea, bytea, timestamptz)', 'EXECUTE')
      OR has_table_privilege('shikaku_service', 'shikaku.idempotency_keys', 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE') THEN
    RAISE EXCEPTION 'shikaku_service may do what it should not, or may not what it should';
  END IF;
END
$$;

ROLLBACK;
