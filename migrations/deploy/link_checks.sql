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

-- For whoever will let members join persons: what is locked, in one order for all. The caller has locked the members' rows, in the order
-- of their keys, and written nothing yet of what standings are made of.
CREATE FUNCTION shikaku.lock_for_joining(keys bigint[], codes text[]) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  -- Two members of one new person: the second finds what the first has made.
  PERFORM pg_advisory_xact_lock(c.lock) FROM (
    SELECT DISTINCT hashtextextended('shikaku.register_code ' || code, 0) AS lock FROM unnest(codes) AS code ORDER BY 1) AS c;
  PERFORM shikaku.lock_families(ARRAY(
    SELECT m.person_id FROM shikaku.members AS m WHERE m.member_key = ANY (keys)
    UNION
    SELECT p.person_id FROM shikaku.persons AS p WHERE p.register_code = ANY (codes)));
END
$$;

-- Each member belongs to the person with its code (R8.2): its person gets the code, or the member goes over to who has it already. A
-- person with another code stays what it is: that was somebody else. Writes each member once, with its new last four digits where some
-- are given. All of them are of this insurer, where one is named.
CREATE FUNCTION shikaku.join_persons(of_insurer text, keys bigint[], codes text[], last4s text[], at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET jit = off AS $$
DECLARE
  was bigint[];
  heirs bigint[];
  heir bigint;
BEGIN
  PERFORM shikaku.lock_for_joining(keys, codes);
  was := ARRAY(
    SELECT m.person_id FROM unnest(keys) WITH ORDINALITY AS q (key, place)
      JOIN shikaku.members AS m ON m.member_key = q.key AND (of_insurer IS NULL OR m.insurer_number = of_insurer)
      ORDER BY q.place);
  IF cardinality(was) <> cardinality(keys) THEN
    RAISE EXCEPTION 'a member is not of this insurer' USING ERRCODE = 'insufficient_privilege';
  END IF;
  FOR i IN 1 .. cardinality(keys) LOOP
    SELECT p.person_id INTO heir FROM shikaku.persons AS p WHERE p.register_code = codes[i];
    IF heir IS NULL THEN
      UPDATE shikaku.persons AS p SET register_code = codes[i] WHERE p.person_id = was[i] AND p.register_code IS NULL
        RETURNING p.person_id INTO heir;
    END IF;
    IF heir IS NULL THEN
      INSERT INTO shikaku.persons (register_code) VALUES (codes[i]) RETURNING person_id INTO heir;
    END IF;
    heirs[i] := heir;
  END LOOP;
  UPDATE shikaku.members AS m
    SET person_id = q.heir, individual_number_last4 = coalesce(q.last4, m.individual_number_last4),
        known_from = greatest(at, m.known_from + interval '1 microsecond')
    FROM unnest(keys, heirs, last4s) AS q (key, heir, last4) WHERE m.member_key = q.key;
  FOR i IN 1 .. cardinality(keys) LOOP
    IF heirs[i] <> was[i] THEN
      PERFORM shikaku.leave_to(heirs[i], was[i]);
    END IF;
  END LOOP;
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

-- What the register said of claimed numbers, all of it or nothing. `mismatched` NULL: linked, then with a code; else, as `warned`, a list
-- of attributes as PostgreSQL writes it. In a word each: linked, mismatch, or stale when the number or the member is another one since
-- it was asked, or there is none any more: nothing is changed then, and what is still to be asked is asked again at once. Waits half
-- a second for locks: who writes a million members waits for none of us.
CREATE FUNCTION shikaku.record_link_checks(keys bigint[], sealed bytea[], versions timestamptz[], at timestamptz, mismatched text[],
  warned text[], codes text[], last4s text[])
RETURNS TABLE (member_key bigint, said text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET lock_timeout = '500ms' SET jit = off AS $$
#variable_conflict use_column
DECLARE
  fresh bigint[];
  linked record;
BEGIN
  PERFORM FROM shikaku.members AS m WHERE m.member_key = ANY (keys) ORDER BY m.member_key FOR NO KEY UPDATE;
  WITH gone AS (
    DELETE FROM shikaku.pending_numbers AS p
      USING unnest(keys, record_link_checks.sealed, versions) AS q (key, sealed, version), shikaku.members AS m
      WHERE p.member_key = q.key AND p.sealed = q.sealed AND m.member_key = q.key AND m.known_from = q.version
      RETURNING p.member_key
  )
  SELECT coalesce(array_agg(g.member_key), '{}') INTO fresh FROM gone AS g;
  UPDATE shikaku.pending_numbers AS p SET next_try_at = at WHERE p.member_key = ANY (keys);

  SELECT array_agg(q.key) AS keys, array_agg(q.code) AS codes, array_agg(q.last4) AS last4s INTO linked
    FROM unnest(keys, record_link_checks.mismatched, record_link_checks.codes, record_link_checks.last4s) AS q (key, mismatched, code, last4)
    WHERE q.key = ANY (fresh) AND q.mismatched IS NULL;
  -- All persons at once, also of those who stay where they are.
  PERFORM shikaku.lock_for_joining(fresh, coalesce(linked.codes, '{}'));
  IF linked.keys IS NOT NULL THEN
    PERFORM shikaku.join_persons(NULL, linked.keys, linked.codes, linked.last4s, at);
  END IF;
  UPDATE shikaku.members AS m
    SET individual_number_last4 = q.last4, known_from = greatest(at, m.known_from + interval '1 microsecond')
    FROM unnest(keys, record_link_checks.mismatched, record_link_checks.last4s) AS q (key, mismatched, last4)
    WHERE m.member_key = q.key AND q.key = ANY (fresh) AND q.mismatched IS NOT NULL;
  INSERT INTO shikaku.links AS l (member_key, state, mismatched, warned, offered_code, decided_at, known_from)
    SELECT q.key, CASE WHEN q.mismatched IS NULL THEN 'linked' ELSE 'mismatch' END, q.mismatched::text[], q.warned::text[],
           CASE WHEN q.mismatched IS NOT NULL THEN q.code END, at, at
      FROM unnest(keys, record_link_checks.mismatched, record_link_checks.warned, record_link_checks.codes)
           AS q (key, mismatched, warned, code)
      WHERE q.key = ANY (fresh)
    ON CONFLICT (member_key) DO UPDATE SET state = excluded.state, mismatched = excluded.mismatched, warned = excluded.warned,
      offered_code = excluded.offered_code, decision = NULL, decided_by = NULL, note = NULL, decided_at = excluded.decided_at,
      known_from = greatest(excluded.known_from, l.known_from + interval '1 microsecond');
  RETURN QUERY
    SELECT q.key, CASE WHEN NOT q.key = ANY (fresh) THEN 'stale' WHEN q.mismatched IS NULL THEN 'linked' ELSE 'mismatch' END
      FROM unnest(keys, record_link_checks.mismatched) AS q (key, mismatched);
END
$$;

-- The register did not answer for these: until then they wait.
CREATE FUNCTION shikaku.postpone_link_check(member_key bigint, sealed bytea, next_try_at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
  UPDATE shikaku.pending_numbers AS p SET next_try_at = $3 WHERE p.member_key = $1 AND p.sealed = $2
$$;

GRANT EXECUTE ON FUNCTION
  shikaku.claim_link_checks(timestamptz, timestamptz, integer),
  shikaku.record_link_checks(bigint[], bytea[], timestamptz[], timestamptz, text[], text[], text[], text[]),
  shikaku.postpone_link_check(bigint, bytea, timestamptz)
  TO shikaku_service;
-- Only for a member that they can see: it is named together with its insurer.
GRANT EXECUTE ON FUNCTION shikaku.join_persons(text, bigint[], text[], text[], timestamptz) TO shikaku_insurer;

-- What is known of a member's link, as the insurer reads it.
CREATE FUNCTION shikaku.link_document(member_key bigint) RETURNS json
LANGUAGE sql STABLE SET search_path = '' AS $$
  SELECT json_build_object(
      'member_id', m.member_id,
      'state', coalesce(l.state, 'pending'),
      'mismatched', coalesce(to_json(l.mismatched), '[]'),
      'warned', coalesce(to_json(l.warned), '[]'),
      'decided_at', shikaku.instant_text(l.decided_at),
      'decision', l.decision,
      'note', l.note,
      'individual_number_last4', m.individual_number_last4,
      'changed_at', shikaku.instant_text(m.known_from))
    FROM shikaku.members AS m LEFT JOIN shikaku.links AS l USING (member_key)
    WHERE m.member_key = $1
$$;
GRANT EXECUTE ON FUNCTION shikaku.link_document(bigint) TO shikaku_insurer;

GRANT CREATE ON SCHEMA shikaku TO shikaku_insurer;

-- Members whose record and number do not fit each other and of whom nobody has decided yet, in the order in which they came: so many
-- behind the one with the id `after`. last_id: NULL on the last page.
CREATE FUNCTION shikaku.list_link_mismatches(insurer_number text, after text, count bigint, OUT items json, OUT last_id text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET plan_cache_mode = force_custom_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
  of_insurer CONSTANT text := list_link_mismatches.insurer_number;
  begins_behind bigint := 0;
BEGIN
  PERFORM shikaku.enter_insurer(of_insurer);
  IF list_link_mismatches.after IS NOT NULL THEN
    SELECT coalesce(max(m.member_key), 0) INTO begins_behind FROM shikaku.members AS m
      WHERE m.insurer_number = of_insurer AND m.member_id = list_link_mismatches.after;
  END IF;
  WITH page AS (
    SELECT l.member_key, m.member_id, row_number() OVER (ORDER BY l.member_key) AS place
      FROM shikaku.links AS l JOIN shikaku.members AS m USING (member_key)
      WHERE l.state = 'mismatch' AND l.decision IS NULL AND m.insurer_number = of_insurer AND l.member_key > begins_behind
      ORDER BY l.member_key LIMIT list_link_mismatches.count + 1
  )
  SELECT coalesce(json_agg(shikaku.link_document(p.member_key) ORDER BY p.place) FILTER (WHERE p.place <= list_link_mismatches.count), '[]'),
         CASE WHEN count(*) > list_link_mismatches.count THEN max(p.member_id) FILTER (WHERE p.place = list_link_mismatches.count) END
    INTO items, last_id FROM page AS p;
END
$$;

-- A person at the insurer has spoken of a member's link. wish:
--
--   accept   a mismatch is this person's all the same (R8.1): linked
--   reject   it is not: it stays a mismatch until a corrected record or number is sent
--   dispute  the member says that these last four digits are not theirs (R8.3): back to pending, and the card's road is closed until
--            another number is sent and checked; what still waits to be checked is dropped, because it is the number in dispute
--
-- outcome: done, no_such_member, nothing_to_decide (no mismatch, decided so already, no such digits on record), import_running,
-- key_reused. replayed: what the same request was answered before. version: of the member.
CREATE FUNCTION shikaku.decide_link(insurer_number text, member_id text, at timestamptz, token_id bigint, wish text, note text, last4 text,
  route text, key_digest bytea, request_digest bytea)
RETURNS TABLE (outcome text, replayed boolean, document json, version timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET jit = off AS $$
#variable_conflict use_column
DECLARE
  asked_at CONSTANT timestamptz := decide_link.at;
  asker CONSTANT bigint := decide_link.token_id;
  asked CONSTANT text := decide_link.wish;
  known record;
  member shikaku.members;
  link shikaku.links;
  code text;
BEGIN
  PERFORM shikaku.enter_insurer(decide_link.insurer_number);
  known := shikaku.find_idempotent(asker, decide_link.key_digest, decide_link.request_digest, asked_at);
  IF known.state = 'reused' THEN
    RETURN QUERY SELECT 'key_reused', false, NULL::json, NULL::timestamptz;
    RETURN;
  ELSIF known.state = 'kept' THEN
    RETURN QUERY SELECT known.outcome, true, (known.answer ->> 'document')::json, (known.answer ->> 'version')::timestamptz;
    RETURN;
  END IF;

  BEGIN
    member := shikaku.lock_member(decide_link.insurer_number, decide_link.member_id);
  EXCEPTION WHEN SQLSTATE 'SK001' THEN
    RETURN QUERY SELECT 'import_running', false, NULL::json, NULL::timestamptz;
    RETURN;
  END;
  SELECT * INTO link FROM shikaku.links AS l WHERE l.member_key = member.member_key;
  IF member.member_key IS NULL THEN
    RETURN QUERY SELECT 'no_such_member', false, NULL::json, NULL::timestamptz;
    RETURN;
  ELSIF (CASE asked WHEN 'dispute' THEN member.individual_number_last4 IS DISTINCT FROM decide_link.last4
      ELSE link.state IS DISTINCT FROM 'mismatch' OR link.decision IS NOT DISTINCT FROM asked END) THEN
    RETURN QUERY SELECT 'nothing_to_decide', false, NULL::json, NULL::timestamptz;
    RETURN;
  END IF;

  -- First what locks persons.
  code := CASE asked WHEN 'accept' THEN link.offered_code END;
  IF code IS NOT NULL THEN
    PERFORM shikaku.join_persons(decide_link.insurer_number, ARRAY[member.member_key], ARRAY[code], ARRAY[NULL::text], asked_at);
  ELSE
    UPDATE shikaku.members AS m
      SET individual_number_last4 = CASE asked WHEN 'dispute' THEN NULL ELSE m.individual_number_last4 END,
          known_from = greatest(asked_at, m.known_from + interval '1 microsecond')
      WHERE m.member_key = member.member_key;
  END IF;
  DELETE FROM shikaku.pending_numbers AS p WHERE p.member_key = member.member_key;
  INSERT INTO shikaku.links AS l (member_key, state, mismatched, offered_code, decision, decided_by, note, decided_at, known_from)
    VALUES (member.member_key, CASE asked WHEN 'accept' THEN 'linked' WHEN 'reject' THEN 'mismatch' ELSE 'pending' END,
      CASE asked WHEN 'reject' THEN link.mismatched END, CASE asked WHEN 'reject' THEN link.offered_code END, asked, asker,
      decide_link.note, CASE WHEN asked <> 'dispute' THEN asked_at END, asked_at)
    ON CONFLICT (member_key) DO UPDATE SET state = excluded.state, mismatched = excluded.mismatched, warned = NULL,
      offered_code = excluded.offered_code, decision = excluded.decision, decided_by = excluded.decided_by, note = excluded.note,
      decided_at = excluded.decided_at, known_from = greatest(excluded.known_from, l.known_from + interval '1 microsecond');
  outcome := 'done';
  replayed := false;
  SELECT shikaku.link_document(m.member_key), m.known_from INTO document, version
    FROM shikaku.members AS m WHERE m.member_key = member.member_key;
  PERFORM shikaku.keep_idempotent(asker, decide_link.key_digest, decide_link.route, decide_link.request_digest, outcome,
    jsonb_build_object('document', document::text, 'version', version), asked_at);
  RETURN NEXT;
END
$$;

DO $$
DECLARE
  signature text;
BEGIN
  FOREACH signature IN ARRAY ARRAY[
    'shikaku.list_link_mismatches(text, text, bigint)',
    'shikaku.decide_link(text, text, timestamptz, bigint, text, text, text, text, bytea, bytea)']
  LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO shikaku_insurer', signature);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', signature);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO shikaku_service', signature);
  END LOOP;
END
$$;
REVOKE CREATE ON SCHEMA shikaku FROM shikaku_insurer;

COMMIT;
