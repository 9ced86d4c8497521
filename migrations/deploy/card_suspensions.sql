-- Deploy shikaku:card_suspensions to pg
-- A lost card is stopped for the time being, and given back when it is found (R5.3, R6). What stops a card stands in
-- card_suspensions; the card says by which of them it is stopped. The standings follow by their triggers.

BEGIN;

CREATE TABLE shikaku.card_suspensions (
  suspension_id uuid PRIMARY KEY,
  person_id bigint NOT NULL REFERENCES shikaku.persons,
  medium text, -- NULL: both
  reason text NOT NULL,
  cards integer NOT NULL, -- how many it stopped
  suspended_at shikaku.moment NOT NULL,
  suspended_by bigint NOT NULL REFERENCES shikaku.tokens,
  lifted_at shikaku.moment,
  lifted_by bigint REFERENCES shikaku.tokens,
  CONSTRAINT medium_values CHECK (medium IN ('card', 'phone')),
  CONSTRAINT reason_values CHECK (reason IN ('lost', 'stolen', 'other')),
  CONSTRAINT cards_range CHECK (cards >= 1),
  CONSTRAINT lifted_after_suspended CHECK (lifted_at >= suspended_at),
  CONSTRAINT lifted_by_somebody CHECK ((lifted_at IS NULL) = (lifted_by IS NULL))
);

ALTER TABLE shikaku.cards
  ADD COLUMN suspension_id uuid REFERENCES shikaku.card_suspensions,
  ADD CONSTRAINT active_is_not_stopped CHECK (state <> 'active' OR suspension_id IS NULL);
CREATE INDEX cards_suspension_id ON shikaku.cards (suspension_id) WHERE suspension_id IS NOT NULL;

-- Stops the active cards of the one person whom the keys name, as find_standings_by_keys.sql finds them. outcome:
--
--   made, in_force      the new suspension, or the one by which the cards of this medium are stopped already
--   no_such_member, several_members, no_such_card
--   key_reused          the Idempotency-Key came with another request
--
-- replayed: what the same request was answered before.
CREATE FUNCTION shikaku.suspend_cards(suspension_id uuid, suspended_at timestamptz, token_id bigint, insurer_number text,
  number_key text, birth_date date, symbol_key text, branch_number text, medium text, reason text, route text, key_digest bytea,
  request_digest bytea)
RETURNS TABLE (outcome text, replayed boolean, made shikaku.card_suspensions)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
#variable_conflict use_column
DECLARE
  asked_id CONSTANT uuid := suspend_cards.suspension_id;
  asked_at CONSTANT timestamptz := suspend_cards.suspended_at;
  asked_medium CONSTANT text := suspend_cards.medium;
  asker CONSTANT bigint := suspend_cards.token_id;
  known record;
  person_ids bigint[];
  card_ids bigint[];
  said text;
  answer shikaku.card_suspensions;
BEGIN
  known := shikaku.find_idempotent(asker, suspend_cards.key_digest, suspend_cards.request_digest, asked_at);
  IF known.state = 'reused' THEN
    RETURN QUERY SELECT 'key_reused', false, NULL::shikaku.card_suspensions;
    RETURN;
  ELSIF known.state = 'kept' THEN
    RETURN QUERY SELECT known.outcome, true, jsonb_populate_record(NULL::shikaku.card_suspensions, known.answer);
    RETURN;
  END IF;

  SELECT array_agg(DISTINCT s.person_id) INTO person_ids
    FROM shikaku.standings AS s
    WHERE s.insurer_number = suspend_cards.insurer_number AND s.number_key = suspend_cards.number_key
      AND s.birth_date = suspend_cards.birth_date
      AND (suspend_cards.symbol_key IS NULL OR s.symbol_key = suspend_cards.symbol_key)
      AND (suspend_cards.branch_number IS NULL OR s.branch_number IS NULL OR s.branch_number = suspend_cards.branch_number);
  IF person_ids IS NULL OR cardinality(person_ids) > 1 THEN
    RETURN QUERY SELECT CASE WHEN person_ids IS NULL THEN 'no_such_member' ELSE 'several_members' END, false,
      NULL::shikaku.card_suspensions;
    RETURN;
  END IF;

  -- Two who stop or give back the same cards wait for each other; the second then finds what the first has done.
  PERFORM shikaku.lock_family(person_ids[1]);
  SELECT array_agg(c.card_id) INTO card_ids FROM shikaku.cards AS c
    WHERE c.person_id = person_ids[1] AND c.state = 'active' AND (asked_medium IS NULL OR c.medium = asked_medium);
  IF card_ids IS NOT NULL THEN
    said := 'made';
    INSERT INTO shikaku.card_suspensions (suspension_id, person_id, medium, reason, cards, suspended_at, suspended_by)
      VALUES (asked_id, person_ids[1], asked_medium, suspend_cards.reason, cardinality(card_ids), asked_at, asker)
      RETURNING * INTO answer;
    UPDATE shikaku.cards SET state = 'suspended', suspension_id = asked_id WHERE card_id = ANY (card_ids);
  ELSE
    said := 'in_force';
    SELECT cs.* INTO answer FROM shikaku.card_suspensions AS cs
      JOIN shikaku.cards AS c ON c.suspension_id = cs.suspension_id
      WHERE c.person_id = person_ids[1] AND c.state = 'suspended' AND (asked_medium IS NULL OR c.medium = asked_medium)
      ORDER BY cs.suspended_at DESC, cs.suspension_id DESC LIMIT 1;
    IF NOT FOUND THEN
      RETURN QUERY SELECT 'no_such_card', false, NULL::shikaku.card_suspensions;
      RETURN;
    END IF;
  END IF;
  PERFORM shikaku.keep_idempotent(asker, suspend_cards.key_digest, suspend_cards.route, suspend_cards.request_digest, said,
    to_jsonb(answer), asked_at);
  RETURN QUERY SELECT said, false, answer;
END
$$;

-- Gives back what this suspension stopped and what is still stopped by it: a card that was revoked meanwhile stays so. outcome:
-- lifted, or was_lifted when it was before. No row: there is no such suspension.
CREATE FUNCTION shikaku.lift_card_suspension(suspension_id uuid, lifted_at timestamptz, token_id bigint)
RETURNS TABLE (outcome text, lifted shikaku.card_suspensions)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
#variable_conflict use_column
DECLARE
  asked_id CONSTANT uuid := lift_card_suspension.suspension_id;
  said text := 'lifted';
  answer shikaku.card_suspensions;
BEGIN
  PERFORM shikaku.lock_family(cs.person_id) FROM shikaku.card_suspensions AS cs WHERE cs.suspension_id = asked_id;
  -- Another process' clock may have been a little ahead.
  UPDATE shikaku.card_suspensions AS cs
    SET lifted_at = greatest(lift_card_suspension.lifted_at, cs.suspended_at), lifted_by = lift_card_suspension.token_id
    WHERE cs.suspension_id = asked_id AND cs.lifted_at IS NULL
    RETURNING * INTO answer;
  IF FOUND THEN
    UPDATE shikaku.cards SET state = 'active', suspension_id = NULL WHERE suspension_id = asked_id AND state = 'suspended';
  ELSE
    said := 'was_lifted';
    SELECT cs.* INTO answer FROM shikaku.card_suspensions AS cs WHERE cs.suspension_id = asked_id;
    IF NOT FOUND THEN
      RETURN;
    END IF;
  END IF;
  RETURN QUERY SELECT said, answer;
END
$$;

GRANT SELECT ON shikaku.card_suspensions TO shikaku_service;
GRANT EXECUTE ON FUNCTION
  shikaku.suspend_cards(uuid, timestamptz, bigint, text, text, date, text, text, text, text, text, bytea, bytea),
  shikaku.lift_card_suspension(uuid, timestamptz, bigint)
  TO shikaku_service;

COMMIT;
