-- Deploy shikaku:link_checks to pg
-- 誤登録防止 at work (R8): which numbers are to be asked about, what becomes of a member when the resident register has answered,
-- what a person at the insurer decides, and a member who says that the number is another's.
--
-- The number itself is erased by every answer that says something. What is left of it: the last four digits, and the register's
-- opaque code of its person.

BEGIN;

ALTER TABLE shikaku.links
  -- Attributes that differ though the three of R8.1 agree.
  ADD COLUMN warned text[],
  -- Of a mismatch: the person whose number it is. Not the member's unless somebody decides so.
  ADD COLUMN offered_code text,
  -- By whom, where not by the register: accept (they belong together), reject (they do not), dispute (the member says so).
  ADD COLUMN decision text,
  ADD COLUMN decided_by bigint REFERENCES shikaku.tokens,
  ADD COLUMN note shikaku.line,
  ADD CONSTRAINT warned_values CHECK (warned <@ ARRAY['name_kana', 'sex'] AND array_ndims(warned) = 1 AND cardinality(warned) <= 2),
  ADD CONSTRAINT warned_only_when_linked CHECK (warned IS NULL OR state = 'linked'),
  ADD CONSTRAINT offered_code_form CHECK (octet_length(offered_code) BETWEEN 1 AND 128 AND offered_code !~ '[^!-~]'),
  ADD CONSTRAINT offered_code_only_with_mismatch CHECK (offered_code IS NULL OR state = 'mismatch'),
  ADD CONSTRAINT decision_fits_the_state CHECK (decision IS NULL
    OR decision = CASE state WHEN 'linked' THEN 'accept' WHEN 'mismatch' THEN 'reject' ELSE 'dispute' END),
  ADD CONSTRAINT decision_by_somebody CHECK ((decision IS NULL) = (decided_by IS NULL)),
  ADD CONSTRAINT note_only_with_decision CHECK (note IS NULL OR decision IS NOT NULL);
ALTER TABLE shikaku.links_history
  ADD COLUMN warned text[],
  ADD COLUMN offered_code text,
  ADD COLUMN decision text,
  ADD COLUMN decided_by bigint,
  ADD COLUMN note shikaku.line;
CREATE INDEX links_mismatches ON shikaku.links (member_key) WHERE state = 'mismatch';

-- Whoever sends a number says "pending" and need not know what was said before.
CREATE FUNCTION shikaku.pending_link_forgets() RETURNS trigger
LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  NEW.warned := NULL;
  NEW.offered_code := NULL;
  NEW.decision := NULL;
  NEW.decided_by := NULL;
  NEW.note := NULL;
  RETURN NEW;
END
$$;
CREATE TRIGGER a_pending_forgets BEFORE UPDATE ON shikaku.links FOR EACH ROW
  WHEN (NEW.state = 'pending' AND NEW.decision IS NOT DISTINCT FROM OLD.decision
    AND (NEW.warned IS NOT NULL OR NEW.offered_code IS NOT NULL OR NEW.decision IS NOT NULL))
  EXECUTE FUNCTION shikaku.pending_link_forgets();

-- As lock_family, for several persons at once: who locked them one after the other would wait for who does it the other way.
CREATE FUNCTION shikaku.lock_families(who bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  PERFORM FROM shikaku.persons AS p
    WHERE p.person_id IN (
      SELECT unnest(who)
      UNION
      SELECT insured_m.person_id
        FROM shikaku.members AS m
        JOIN shikaku.memberships AS ms USING (member_key)
        JOIN shikaku.memberships AS insured_ms ON insured_ms.membership_id = ms.insured_membership_id
        JOIN shikaku.members AS insured_m ON insured_m.member_key = insured_ms.member_key
        WHERE m.person_id = ANY (who)
      UNION
      SELECT dependent_m.person_id
        FROM shikaku.members AS m
        JOIN shikaku.memberships AS ms USING (member_key)
        JOIN shikaku.memberships AS dependent_ms ON dependent_ms.insured_membership_id = ms.membership_id
        JOIN shikaku.members AS dependent_m ON dependent_m.member_key = dependent_ms.member_key
        WHERE m.person_id = ANY (who))
    ORDER BY p.person_id
    FOR NO KEY UPDATE;
END
$$;

-- Who had no code and has no members any more was never anybody but `heir`: their cards and their registration are the heir's.
-- Of two registrations the one of which something was said last.
CREATE FUNCTION shikaku.leave_to(heir bigint, gone bigint) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  theirs shikaku.use_registrations;
BEGIN
  IF EXISTS (SELECT FROM shikaku.members AS m WHERE m.person_id = gone)
      OR EXISTS (SELECT FROM shikaku.persons AS p WHERE p.person_id = gone AND p.register_code IS NOT NULL) THEN
    RETURN;
  END IF;
  UPDATE shikaku.card_suspensions SET person_id = heir WHERE person_id = gone;
  UPDATE shikaku.cards SET person_id = heir WHERE person_id = gone;
  DELETE FROM shikaku.use_registrations AS u WHERE u.person_id = gone RETURNING * INTO theirs;
  IF FOUND THEN
    INSERT INTO shikaku.use_registrations AS u (person_id, registered_at, channel, cancelled_at)
      VALUES (heir, theirs.registered_at, theirs.channel, theirs.cancelled_at)
      ON CONFLICT (person_id) DO UPDATE
        SET registered_at = excluded.registered_at, channel = excluded.channel, cancelled_at = excluded.cancelled_at
        WHERE coalesce(excluded.cancelled_at, excluded.registered_at) > coalesce(u.cancelled_at, u.registered_at);
  END IF;
END
$$;

-- The member belongs to the person with this code (R8.2): its person gets the code, or the member goes over to who has it already.
-- A person with another code stays what it is: that was somebody else. Writes the member once, with its new last four digits
-- where some are given. The caller has locked the member's row and written nothing yet of what standings are made of: the persons
-- are locked here, in order.
CREATE FUNCTION shikaku.join_person(of_insurer text, its_key bigint, code text, last4 text, at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  was bigint;
  heir bigint;
BEGIN
  -- Two members of one new person: the second finds what the first has made.
  PERFORM pg_advisory_xact_lock(hashtextextended('shikaku.register_code ' || code, 0));
  SELECT m.person_id INTO STRICT was FROM shikaku.members AS m WHERE m.member_key = its_key AND m.insurer_number = of_insurer;
  SELECT p.person_id INTO heir FROM shikaku.persons AS p WHERE p.register_code = code;
  PERFORM shikaku.lock_families(ARRAY[was, heir]);
  IF heir IS NULL THEN
    UPDATE shikaku.persons AS p SET register_code = code WHERE p.person_id = was AND p.register_code IS NULL RETURNING p.person_id INTO heir;
  END IF;
  IF heir IS NULL THEN
    INSERT INTO shikaku.persons (register_code) VALUES (code) RETURNING person_id INTO heir;
  END IF;
  UPDATE shikaku.members AS m
    SET person_id = heir, individual_number_last4 = coalesce(last4, m.individual_number_last4),
        known_from = greatest(at, m.known_from + interval '1 microsecond')
    WHERE m.member_key = its_key;
  IF heir <> was THEN
    PERFORM shikaku.leave_to(heir, was);
  END IF;
END
$$;

-- Numbers that are due, oldest first, and what the register is asked of their members. Each is ours until `lease_until`: another
-- process, and we ourselves, come back to it only then.
CREATE FUNCTION shikaku.claim_link_checks(at timestamptz, lease_until timestamptz, most integer)
RETURNS TABLE (member_key bigint, insurer_number text, member_id text, sealed bytea, attempts integer, version timestamptz,
  name text, name_kana text, birth_date date, address text, sex text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET plan_cache_mode = force_custom_plan SET jit = off AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    WITH due AS (
      SELECT p.member_key FROM shikaku.pending_numbers AS p
        WHERE p.next_try_at <= at
        ORDER BY p.next_try_at
        LIMIT most
        FOR UPDATE SKIP LOCKED
    ), ours AS (
      UPDATE shikaku.pending_numbers AS p SET attempts = p.attempts + 1, next_try_at = lease_until
        FROM due WHERE p.member_key = due.member_key
        RETURNING p.member_key, p.sealed, p.attempts
    )
    SELECT o.member_key, m.insurer_number, m.member_id, o.sealed, o.attempts, m.known_from::timestamptz, m.name::text, m.name_kana::text,
           m.birth_date::date, m.address::text, m.sex
      FROM ours AS o JOIN shikaku.members AS m USING (member_key);
END
$$;

-- What the register said of a claimed number. `mismatched` NULL: linked, then with a code. In a word: linked, mismatch, or stale
-- when the number or the member is another one since it was asked, or there is none any more: nothing is changed then, and what
-- is still to be asked is asked again at once. Waits half a second for locks: who writes a million members waits for none of us.
CREATE FUNCTION shikaku.record_link_check(member_key bigint, sealed bytea, version timestamptz, at timestamptz, mismatched text[],
  warned text[], person_code text, last4 text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET lock_timeout = '500ms' SET jit = off AS $$
#variable_conflict use_column
DECLARE
  its_key CONSTANT bigint := record_link_check.member_key;
  asked_at CONSTANT timestamptz := record_link_check.at;
  said CONSTANT text := CASE WHEN record_link_check.mismatched IS NULL THEN 'linked' ELSE 'mismatch' END;
  its record;
BEGIN
  SELECT m.insurer_number, m.known_from INTO its FROM shikaku.members AS m WHERE m.member_key = its_key FOR NO KEY UPDATE;
  DELETE FROM shikaku.pending_numbers AS p
    WHERE p.member_key = its_key AND p.sealed = record_link_check.sealed AND its.known_from = record_link_check.version;
  IF NOT FOUND THEN
    UPDATE shikaku.pending_numbers AS p SET next_try_at = asked_at WHERE p.member_key = its_key;
    RETURN 'stale';
  END IF;
  IF said = 'linked' THEN
    PERFORM shikaku.join_person(its.insurer_number, its_key, record_link_check.person_code, record_link_check.last4, asked_at);
  ELSE
    UPDATE shikaku.members AS m
      SET individual_number_last4 = record_link_check.last4, known_from = greatest(asked_at, m.known_from + interval '1 microsecond')
      WHERE m.member_key = its_key;
  END IF;
  INSERT INTO shikaku.links AS l (member_key, state, mismatched, warned, offered_code, decided_at, known_from)
    VALUES (its_key, said, record_link_check.mismatched, record_link_check.warned,
      CASE said WHEN 'mismatch' THEN record_link_check.person_code END, asked_at, asked_at)
    ON CONFLICT (member_key) DO UPDATE SET state = excluded.state, mismatched = excluded.mismatched, warned = excluded.warned,
      offered_code = excluded.offered_code, decision = NULL, decided_by = NULL, note = NULL, decided_at = excluded.decided_at,
      known_from = greatest(excluded.known_from, l.known_from + interval '1 microsecond');
  RETURN said;
END
$$;

-- The register did not answer for these: until then they wait.
CREATE FUNCTION shikaku.postpone_link_check(member_key bigint, sealed bytea, next_try_at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
  UPDATE shikaku.pending_numbers AS p SET next_try_at = $3 WHERE p.member_key = $1 AND p.sealed = $2
$$;

GRANT EXECUTE ON FUNCTION
  shikaku.claim_link_checks(timestamptz, timestamptz, integer),
  shikaku.record_link_check(bigint, bytea, timestamptz, timestamptz, text[], text[], text, text),
  shikaku.postpone_link_check(bigint, bytea, timestamptz)
  TO shikaku_service;
-- Only for a member that they can see: it is named together with its insurer.
GRANT EXECUTE ON FUNCTION shikaku.join_person(text, bigint, text, text, timestamptz) TO shikaku_insurer;

-- What is known of a member's link, as the insurer reads it.
CREATE VIEW shikaku.link_states WITH (security_invoker = true) AS
SELECT m.member_key, m.insurer_number, m.member_id, coalesce(l.state, 'pending') AS state, l.mismatched, l.warned, l.decided_at,
       l.decision, l.note, m.individual_number_last4, m.known_from AS changed_at
  FROM shikaku.members AS m LEFT JOIN shikaku.links AS l USING (member_key);
GRANT SELECT ON shikaku.link_states TO shikaku_insurer;

GRANT CREATE ON SCHEMA shikaku TO shikaku_insurer;

-- Members whose record and number do not fit each other and of whom nobody has decided yet, in the order in which they came;
-- behind the one with the id `after`, where it is given.
CREATE FUNCTION shikaku.find_link_mismatches(of_insurer text, after_member_id text, most integer) RETURNS SETOF shikaku.link_states
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET plan_cache_mode = force_custom_plan SET jit = off AS $$
BEGIN
  PERFORM shikaku.enter_insurer(of_insurer);
  RETURN QUERY
    SELECT s.* FROM shikaku.links AS l JOIN shikaku.link_states AS s USING (member_key)
      WHERE l.state = 'mismatch' AND l.decision IS NULL AND s.insurer_number = of_insurer
        AND l.member_key > coalesce(
          (SELECT m.member_key FROM shikaku.members AS m WHERE m.insurer_number = of_insurer AND m.member_id = after_member_id), 0)
      ORDER BY l.member_key
      LIMIT most;
END
$$;

-- A person at the insurer has looked at a mismatch (R8.1). accept: the record is this person's all the same, and linked; reject: it
-- is not, and stays a mismatch until a corrected record or number is sent. outcome: decided, no_such_member, nothing_to_decide (no
-- mismatch, or already decided so), key_reused. replayed: what the same request was answered before.
CREATE FUNCTION shikaku.decide_link(of_insurer text, its_id text, at timestamptz, token_id bigint, decision text, note text, route text,
  key_digest bytea, request_digest bytea)
RETURNS TABLE (outcome text, replayed boolean, state shikaku.link_states)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET lock_timeout = '2s' SET jit = off AS $$
#variable_conflict use_column
DECLARE
  asked_at CONSTANT timestamptz := decide_link.at;
  asker CONSTANT bigint := decide_link.token_id;
  wish CONSTANT text := decide_link.decision;
  known record;
  its_key bigint;
  was record;
  answer shikaku.link_states;
BEGIN
  PERFORM shikaku.enter_insurer(of_insurer);
  known := shikaku.find_idempotent(asker, decide_link.key_digest, decide_link.request_digest, asked_at);
  IF known.state = 'reused' THEN
    RETURN QUERY SELECT 'key_reused', false, NULL::shikaku.link_states;
    RETURN;
  ELSIF known.state = 'kept' THEN
    RETURN QUERY SELECT known.outcome, true, jsonb_populate_record(NULL::shikaku.link_states, known.answer);
    RETURN;
  END IF;

  SELECT m.member_key INTO its_key FROM shikaku.members AS m
    WHERE m.insurer_number = of_insurer AND m.member_id = its_id FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN QUERY SELECT 'no_such_member', false, NULL::shikaku.link_states;
    RETURN;
  END IF;
  SELECT l.offered_code, l.decision INTO was FROM shikaku.links AS l WHERE l.member_key = its_key AND l.state = 'mismatch' FOR UPDATE;
  IF NOT FOUND OR was.decision = wish THEN
    RETURN QUERY SELECT 'nothing_to_decide', false, NULL::shikaku.link_states;
    RETURN;
  END IF;

  IF wish = 'accept' AND was.offered_code IS NOT NULL THEN
    PERFORM shikaku.join_person(of_insurer, its_key, was.offered_code, NULL, asked_at);
  ELSE
    UPDATE shikaku.members AS m SET known_from = greatest(asked_at, m.known_from + interval '1 microsecond') WHERE m.member_key = its_key;
  END IF;
  UPDATE shikaku.links AS l
    SET state = CASE wish WHEN 'accept' THEN 'linked' ELSE 'mismatch' END,
        mismatched = CASE wish WHEN 'accept' THEN NULL ELSE l.mismatched END,
        offered_code = CASE wish WHEN 'accept' THEN NULL ELSE l.offered_code END,
        decision = wish, decided_by = asker, note = decide_link.note, decided_at = asked_at,
        known_from = greatest(asked_at, l.known_from + interval '1 microsecond')
    WHERE l.member_key = its_key;
  SELECT s.* INTO answer FROM shikaku.link_states AS s WHERE s.member_key = its_key;
  PERFORM shikaku.keep_idempotent(asker, decide_link.key_digest, decide_link.route, decide_link.request_digest, 'decided', to_jsonb(answer),
    asked_at);
  RETURN QUERY SELECT 'decided', false, answer;
END
$$;

-- The member says that these last four digits are not theirs (R8.3): back to pending, and the card's road is closed until another
-- number is sent and checked. What is still waiting to be checked is dropped: it is the number that is disputed. outcome: disputed,
-- no_such_member, nothing_to_dispute (no such digits on record), key_reused.
CREATE FUNCTION shikaku.dispute_link(of_insurer text, its_id text, at timestamptz, token_id bigint, last4 text, note text, route text,
  key_digest bytea, request_digest bytea)
RETURNS TABLE (outcome text, replayed boolean, state shikaku.link_states)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET lock_timeout = '2s' SET jit = off AS $$
#variable_conflict use_column
DECLARE
  asked_at CONSTANT timestamptz := dispute_link.at;
  asker CONSTANT bigint := dispute_link.token_id;
  known record;
  its record;
  answer shikaku.link_states;
BEGIN
  PERFORM shikaku.enter_insurer(of_insurer);
  known := shikaku.find_idempotent(asker, dispute_link.key_digest, dispute_link.request_digest, asked_at);
  IF known.state = 'reused' THEN
    RETURN QUERY SELECT 'key_reused', false, NULL::shikaku.link_states;
    RETURN;
  ELSIF known.state = 'kept' THEN
    RETURN QUERY SELECT known.outcome, true, jsonb_populate_record(NULL::shikaku.link_states, known.answer);
    RETURN;
  END IF;

  SELECT m.member_key, m.individual_number_last4 INTO its FROM shikaku.members AS m
    WHERE m.insurer_number = of_insurer AND m.member_id = its_id FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN QUERY SELECT 'no_such_member', false, NULL::shikaku.link_states;
    RETURN;
  ELSIF its.individual_number_last4 IS DISTINCT FROM dispute_link.last4 THEN
    RETURN QUERY SELECT 'nothing_to_dispute', false, NULL::shikaku.link_states;
    RETURN;
  END IF;

  DELETE FROM shikaku.pending_numbers AS p WHERE p.member_key = its.member_key;
  UPDATE shikaku.members AS m
    SET individual_number_last4 = NULL, known_from = greatest(asked_at, m.known_from + interval '1 microsecond')
    WHERE m.member_key = its.member_key;
  INSERT INTO shikaku.links AS l (member_key, state, decision, decided_by, note, known_from)
    VALUES (its.member_key, 'pending', 'dispute', asker, dispute_link.note, asked_at)
    ON CONFLICT (member_key) DO UPDATE SET state = 'pending', mismatched = NULL, warned = NULL, offered_code = NULL, decided_at = NULL,
      decision = 'dispute', decided_by = excluded.decided_by, note = excluded.note,
      known_from = greatest(excluded.known_from, l.known_from + interval '1 microsecond');
  SELECT s.* INTO answer FROM shikaku.link_states AS s WHERE s.member_key = its.member_key;
  PERFORM shikaku.keep_idempotent(asker, dispute_link.key_digest, dispute_link.route, dispute_link.request_digest, 'disputed',
    to_jsonb(answer), asked_at);
  RETURN QUERY SELECT 'disputed', false, answer;
END
$$;

DO $$
DECLARE
  signature text;
BEGIN
  FOREACH signature IN ARRAY ARRAY[
    'shikaku.find_link_mismatches(text, text, integer)',
    'shikaku.decide_link(text, text, timestamptz, bigint, text, text, text, bytea, bytea)',
    'shikaku.dispute_link(text, text, timestamptz, bigint, text, text, text, bytea, bytea)']
  LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO shikaku_insurer', signature);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', signature);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO shikaku_service', signature);
  END LOOP;
END
$$;
REVOKE CREATE ON SCHEMA shikaku FROM shikaku_insurer;

COMMIT;
