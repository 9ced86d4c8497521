-- Verify shikaku:member_writes on pg

BEGIN;

DO $$
BEGIN
  IF NOT (
      has_function_privilege('shikaku_service', 'shikaku.member_document(bigint)', 'EXECUTE')
      AND has_function_privilege('shikaku_service',
        'shikaku.put_member(timestamptz, text, text, jsonb, bytea, text, boolean, boolean, timestamptz, bigint, text, bytea, bytea)', 'EXECUTE')
      AND has_function_privilege('shikaku_service', 'shikaku.read_member(timestamptz, text, text, bigint, bytea, bytea)', 'EXECUTE')
      AND has_function_privilege('shikaku_service', 'shikaku.member_history(text, text)', 'EXECUTE')) THEN
    RAISE EXCEPTION 'shikaku_service cannot keep members';
  END IF;
  IF EXISTS (SELECT FROM pg_catalog.pg_proc AS p
      WHERE p.pronamespace = 'shikaku'::regnamespace AND p.proname IN ('put_member', 'read_member', 'member_history')
        AND NOT (p.prosecdef AND p.proowner = 'shikaku_insurer'::regrole)) THEN
    RAISE EXCEPTION 'a function that serves an insurer is not behind the wall';
  END IF;
  IF has_function_privilege('shikaku_service',
      'shikaku.write_member(timestamptz, text, text, jsonb, bytea, text, boolean, boolean, timestamptz)', 'EXECUTE') THEN
    RAISE EXCEPTION 'shikaku_service can write a member past put_member';
  END IF;
END
$$;

ROLLBACK;
