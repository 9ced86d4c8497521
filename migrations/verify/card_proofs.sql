-- Verify shikaku:card_proofs on pg

BEGIN;

DO $$
DECLARE
  wrong text;
BEGIN
  IF (SELECT count(*) FROM shikaku.challenge_keys) <> 1 THEN
    RAISE EXCEPTION 'shikaku.challenge_keys has not exactly one row';
  END IF;
  PERFORM expires_at, nonce, check_id FROM shikaku.used_challenges WHERE false;
  IF (SELECT version < 2 FROM shikaku.schema_version) THEN
    RAISE EXCEPTION 'the schema is older than version 2';
  END IF;
  SELECT string_agg(format('%s on %s', privilege, relation), ', ') INTO wrong
    FROM (VALUES
      ('shikaku.challenge_keys', 'SELECT', true), ('shikaku.challenge_keys', 'UPDATE', false),
      ('shikaku.challenge_keys', 'INSERT', false), ('shikaku.challenge_keys', 'DELETE', false),
      ('shikaku.used_challenges', 'SELECT', true), ('shikaku.used_challenges', 'INSERT', true),
      ('shikaku.used_challenges', 'DELETE', true), ('shikaku.used_challenges', 'UPDATE', false),
      ('shikaku.cards', 'SELECT', true), ('shikaku.cards', 'INSERT', false), ('shikaku.cards', 'UPDATE', false)
    ) AS expected (relation, privilege, allowed)
    WHERE has_table_privilege('shikaku_service', relation, privilege) <> allowed;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'shikaku_service has or lacks, unlike what is meant: %', wrong;
  END IF;
  IF NOT has_function_privilege('shikaku_service',
      'shikaku.register_card(text, text, text, text, bytea, bytea, bytea, timestamptz, timestamptz, bytea, text, timestamptz)', 'EXECUTE') THEN
    RAISE EXCEPTION 'shikaku_service may not register cards';
  END IF;
END
$$;

ROLLBACK;
