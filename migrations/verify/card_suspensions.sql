-- Verify shikaku:card_suspensions on pg

BEGIN;

SELECT suspension_id, person_id, medium, reason, cards, suspended_at, suspended_by, lifted_at, lifted_by
  FROM shikaku.card_suspensions WHERE false;
SELECT suspension_id FROM shikaku.cards WHERE false;
SELECT 'shikaku.cards_suspension_id'::regclass;

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint
      WHERE conrelid = 'shikaku.cards'::regclass AND conname = 'active_is_not_stopped' AND convalidated) THEN
    RAISE EXCEPTION 'a card could be active and stopped';
  END IF;
  IF has_table_privilege('shikaku_service', 'shikaku.card_suspensions', 'INSERT, UPDATE, DELETE, TRUNCATE')
      OR NOT has_table_privilege('shikaku_service', 'shikaku.card_suspensions', 'SELECT')
      OR NOT has_function_privilege('shikaku_service',
        'shikaku.suspend_cards(uuid, timestamptz, bigint, text, text, date, text, text, text, text, text, bytea, bytea)', 'EXECUTE')
      OR NOT has_function_privilege('shikaku_service', 'shikaku.lift_card_suspension(uuid, timestamptz, bigint)', 'EXECUTE') THEN
    RAISE EXCEPTION 'shikaku_service may do what it should not, or may not what it should';
  END IF;
END
$$;

ROLLBACK;
