-- Deploy shikaku:member_writes to pg
-- One member's record, read and written as a whole: what is on record as JSON, the one way to write it, and all that was ever known.
-- The service has looked at every field; what depends on other records is looked at here.

BEGIN;

-- So that a write which waits for an import can say so.
GRANT SELECT (insurer_number, kind, state) ON shikaku.jobs TO shikaku_insurer;

GRANT CREATE ON SCHEMA shikaku TO shikaku_insurer;

-- As the API writes times: RFC 3339, Japan, milliseconds.
CREATE FUNCTION shikaku.instant_text(at timestamptz) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = '' AS $$
BEGIN
  RETURN to_char($1 AT TIME ZONE interval '9 hours', 'YYYY-MM-DD"T"HH24:MI:SS.MS') || '+09:00';
END
$$;

-- With all that PostgreSQL keeps: asked with this as known_at, a check is answered by what became known then.
CREATE FUNCTION shikaku.exact_instant_text(at timestamptz) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = '' AS $$
BEGIN
  RETURN to_char($1 AT TIME ZONE interval '9 hours', 'YYYY-MM-DD"T"HH24:MI:SS.US') || '+09:00';
END
$$;

-- In PL/pgSQL, here and below, although one expression would do: its plans are kept for the session, and planning takes most of the time.

-- A member as the API shows them. NULL: there is none, or none that the caller may see.
CREATE FUNCTION shikaku.member_document(member_key bigint) RETURNS json
LANGUAGE plpgsql STABLE SET search_path = '' AS $$
BEGIN
  RETURN (
    SELECT json_build_object(
        'member_id', m.member_id, 'name', m.name, 'name_kana', m.name_kana, 'name_other', m.name_other, 'name_other_kana', m.name_other_kana,
        'sex', m.sex, 'sex_on_face', m.sex_on_face, 'birth_date', m.birth_date, 'postal_code', m.postal_code, 'address', m.address,
        'household_head', m.household_head, 'workplace_id', m.workplace_id, 'non_disclosure', m.non_disclosure,
        'self_information_stopped', m.self_information_stopped,
        'memberships', coalesce((
          SELECT json_agg(json_build_object(
              'relationship', ms.relationship, 'insured_member_id', insured_m.member_id, 'symbol', ms.symbol, 'number', ms.number,
              'branch_number', ms.branch_number, 'acquired_on', ms.acquired_on, 'lost_on', ms.lost_on, 'loss_reason', ms.loss_reason)
            ORDER BY ms.acquired_on)
            FROM shikaku.memberships AS ms
            LEFT JOIN shikaku.memberships AS insured_ms ON insured_ms.membership_id = ms.insured_membership_id
            LEFT JOIN shikaku.members AS insured_m ON insured_m.member_key = insured_ms.member_key
            WHERE ms.member_key = m.member_key), '[]'),
        'ratios', coalesce((
          SELECT json_agg(json_build_object('percent', r.percent, 'valid_from', lower(r.valid), 'valid_until', upper(r.valid) - 1)
            ORDER BY lower(r.valid)) FROM shikaku.ratios AS r WHERE r.member_key = m.member_key), '[]'),
        'limits', coalesce((
          SELECT json_agg(json_build_object('category', l.category, 'certificate', l.certificate, 'valid_from', lower(l.valid),
              'valid_until', upper(l.valid) - 1, 'long_stay_from', l.long_stay_from)
            ORDER BY lower(l.valid)) FROM shikaku.limits AS l WHERE l.member_key = m.member_key), '[]'),
        'specific_diseases', coalesce((
          SELECT json_agg(json_build_object('category', d.category, 'self_pay', d.self_pay, 'valid_from', lower(d.valid),
              'valid_until', upper(d.valid) - 1)
            ORDER BY lower(d.valid), d.category) FROM shikaku.specific_diseases AS d WHERE d.member_key = m.member_key), '[]'),
        'eligibility_certificates', coalesce((
          SELECT json_agg(json_build_object('number', c.number, 'issued_on', c.issued_on, 'valid_from', c.valid_from,
              'valid_until', c.valid_until, 'state', c.state)
            ORDER BY c.issued_on, c.certificate_id)
            FROM shikaku.eligibility_certificates AS c
            JOIN shikaku.memberships AS ms ON ms.membership_id = c.membership_id
            WHERE ms.member_key = m.member_key), '[]'),
        'individual_number_last4', m.individual_number_last4,
        'link', coalesce((
          SELECT json_build_object('state', k.state, 'mismatched', coalesce(to_json(k.mismatched), '[]'),
              'decided_at', shikaku.instant_text(k.decided_at))
            FROM shikaku.links AS k WHERE k.member_key = m.member_key),
          json_build_object('state', 'pending', 'mismatched', json_build_array(), 'decided_at', NULL)),
        'registered_at', shikaku.instant_text(least(m.known_from, (
          SELECT min(h.known_from) FROM shikaku.members_history AS h WHERE h.member_key = m.member_key))),
        'changed_at', shikaku.instant_text(m.known_from))
      FROM shikaku.members AS m
      WHERE m.member_key = $1);
END
$$;

-- Ends the writing of a record: put_member answers with this outcome, and nothing is written.
CREATE FUNCTION shikaku.refuse_member(outcome text, place bigint DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  RAISE EXCEPTION '%', outcome USING ERRCODE = 'SK001', DETAIL = coalesce(place::text, '');
END
$$;

-- To which of the insured person's periods a dependant's belongs (R3.3): the one under way on its first day.
CREATE FUNCTION shikaku.insured_membership(insurer_number text, insured_member_id text, acquired_on date) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = '' AS $$
BEGIN
  RETURN (
    SELECT ms.membership_id
      FROM shikaku.members AS m
      JOIN shikaku.memberships AS ms USING (member_key)
      WHERE m.insurer_number = $1 AND m.member_id = $2 AND ms.relationship = 'insured'
        AND ms.acquired_on <= $3 AND (ms.lost_on IS NULL OR ms.lost_on > $3));
END
$$;

-- The periods asked for, each with the one on record that it is: the same acquired_on, else, of what is left over on both sides, in order of
-- date; a corrected day of acquisition is no new period. And with the insured person's.
CREATE FUNCTION shikaku.pair_memberships(member shikaku.members, wanted jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = '' AS $$
BEGIN
  RETURN (
    WITH asked AS (
      SELECT e.value AS period, e.ordinality - 1 AS place, (e.value ->> 'acquired_on')::date AS acquired_on
        FROM jsonb_array_elements($2) WITH ORDINALITY AS e
    ), stored AS (
      SELECT ms.membership_id, ms.acquired_on FROM shikaku.memberships AS ms WHERE ms.member_key = ($1).member_key
    ), same AS (
      SELECT a.place, s.membership_id FROM asked AS a JOIN stored AS s ON s.acquired_on = a.acquired_on
    ), paired AS (
      SELECT place, membership_id FROM same
      UNION ALL
      SELECT a.place, s.membership_id
        FROM (SELECT place, row_number() OVER (ORDER BY acquired_on) AS n FROM asked
               WHERE place NOT IN (SELECT place FROM same)) AS a
        JOIN (SELECT membership_id, row_number() OVER (ORDER BY acquired_on) AS n FROM stored
               WHERE membership_id NOT IN (SELECT membership_id FROM same)) AS s USING (n)
    )
    SELECT coalesce(jsonb_agg(a.period || jsonb_build_object('place', a.place, 'membership_id', p.membership_id, 'insured_membership_id',
        CASE WHEN a.period ->> 'relationship' = 'dependent' THEN
          shikaku.insured_membership(($1).insurer_number, a.period ->> 'insured_member_id', a.acquired_on) END)), '[]')
      FROM asked AS a LEFT JOIN paired AS p USING (place));
END
$$;

-- Whether there is anything to do: statements that change nothing cost their triggers all the same.
CREATE FUNCTION shikaku.memberships_differ(member_key bigint, periods jsonb) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = '' AS $$
BEGIN
  RETURN (
    WITH stored AS (
      SELECT ms.membership_id, ms.relationship, ms.insured_membership_id, ms.symbol::text, ms.symbol_key::text, ms.number::text,
          ms.number_key::text, ms.branch_number, ms.acquired_on::date, ms.lost_on::date, ms.loss_reason
        FROM shikaku.memberships AS ms WHERE ms.member_key = $1
    ), asked AS (
      SELECT * FROM jsonb_to_recordset($2) AS p (membership_id bigint, relationship text, insured_membership_id bigint, symbol text,
        symbol_key text, number text, number_key text, branch_number text, acquired_on date, lost_on date, loss_reason text)
    )
    SELECT EXISTS ((TABLE stored EXCEPT TABLE asked) UNION ALL (TABLE asked EXCEPT TABLE stored)));
END
$$;

-- Makes the member's periods those; how many rows changed.
CREATE FUNCTION shikaku.write_memberships(member shikaku.members, wanted jsonb, moment timestamptz) RETURNS bigint
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  periods CONSTANT jsonb := shikaku.pair_memberships(member, wanted);
  changed bigint;
  updated bigint;
  inserted bigint;
BEGIN
  PERFORM shikaku.refuse_member('insured_not_found', min(p.place))
    FROM jsonb_to_recordset(periods) AS p (place bigint, relationship text, insured_membership_id bigint)
    WHERE p.relationship = 'dependent' AND p.insured_membership_id IS NULL
    HAVING count(*) > 0;
  IF NOT shikaku.memberships_differ(member.member_key, periods) THEN
    RETURN 0;
  END IF;

  DELETE FROM shikaku.memberships AS ms
    WHERE ms.member_key = member.member_key
      AND NOT EXISTS (SELECT FROM jsonb_to_recordset(periods) AS p (membership_id bigint) WHERE p.membership_id = ms.membership_id);
  GET DIAGNOSTICS changed = ROW_COUNT;

  -- In one statement, so that periods are compared when all are as they will be; those that end before the one that is open, because a
  -- second open one is refused at once.
  WITH target AS (
    SELECT * FROM jsonb_to_recordset(periods) AS p (membership_id bigint, relationship text, insured_membership_id bigint, symbol text,
      symbol_key text, number text, number_key text, branch_number text, acquired_on date, lost_on date, loss_reason text)
  ), differing AS (
    SELECT t.* FROM target AS t JOIN shikaku.memberships AS ms USING (membership_id)
      WHERE (ms.relationship, ms.insured_membership_id, ms.symbol, ms.symbol_key, ms.number, ms.number_key, ms.branch_number,
          ms.acquired_on, ms.lost_on, ms.loss_reason)
        IS DISTINCT FROM (t.relationship, t.insured_membership_id, t.symbol, t.symbol_key, t.number, t.number_key, t.branch_number,
          t.acquired_on, t.lost_on, t.loss_reason)
  ), ended AS (
    UPDATE shikaku.memberships AS ms
      SET relationship = d.relationship, insured_membership_id = d.insured_membership_id, symbol = d.symbol, symbol_key = d.symbol_key,
        number = d.number, number_key = d.number_key, branch_number = d.branch_number, acquired_on = d.acquired_on, lost_on = d.lost_on,
        loss_reason = d.loss_reason, known_from = moment
      FROM differing AS d WHERE ms.membership_id = d.membership_id AND d.lost_on IS NOT NULL
      RETURNING 1
  ), opened AS (
    UPDATE shikaku.memberships AS ms
      SET relationship = d.relationship, insured_membership_id = d.insured_membership_id, symbol = d.symbol, symbol_key = d.symbol_key,
        number = d.number, number_key = d.number_key, branch_number = d.branch_number, acquired_on = d.acquired_on, lost_on = NULL,
        loss_reason = NULL, known_from = moment
      FROM differing AS d, (SELECT count(*) AS n FROM ended) AS before
      WHERE ms.membership_id = d.membership_id AND d.lost_on IS NULL AND before.n >= 0
      RETURNING 1
  )
  SELECT (SELECT count(*) FROM ended) + (SELECT count(*) FROM opened) INTO updated;

  INSERT INTO shikaku.memberships (member_key, insurer_number, relationship, insured_membership_id, symbol, symbol_key, number, number_key,
      branch_number, acquired_on, lost_on, loss_reason, known_from)
    SELECT member.member_key, member.insurer_number, p.relationship, p.insured_membership_id, p.symbol, p.symbol_key, p.number, p.number_key,
        p.branch_number, p.acquired_on, p.lost_on, p.loss_reason, moment
      FROM jsonb_to_recordset(periods) AS p (membership_id bigint, relationship text, insured_membership_id bigint, symbol text,
        symbol_key text, number text, number_key text, branch_number text, acquired_on date, lost_on date, loss_reason text)
      WHERE p.membership_id IS NULL;
  GET DIAGNOSTICS inserted = ROW_COUNT;
  RETURN changed + updated + inserted;
END
$$;

-- The same for ratios, limits and diseases, which are known by their first day: what is not asked for goes first, so that what stays has
-- room to grow.
CREATE FUNCTION shikaku.write_ratios(member shikaku.members, wanted jsonb, moment timestamptz) RETURNS bigint
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  changed bigint;
  updated bigint;
  inserted bigint;
BEGIN
  IF NOT EXISTS (
    WITH stored AS (
      SELECT r.percent, r.valid FROM shikaku.ratios AS r WHERE r.member_key = member.member_key
    ), asked AS (
      SELECT w.percent, daterange(w.valid_from, w.valid_until, '[]')
        FROM jsonb_to_recordset(wanted) AS w (percent smallint, valid_from date, valid_until date)
    )
    (TABLE stored EXCEPT TABLE asked) UNION ALL (TABLE asked EXCEPT TABLE stored)
  ) THEN
    RETURN 0;
  END IF;
  DELETE FROM shikaku.ratios AS r
    WHERE r.member_key = member.member_key
      AND NOT EXISTS (SELECT FROM jsonb_to_recordset(wanted) AS w (valid_from date) WHERE w.valid_from = lower(r.valid));
  GET DIAGNOSTICS changed = ROW_COUNT;
  UPDATE shikaku.ratios AS r
    SET percent = w.percent, valid = daterange(w.valid_from, w.valid_until, '[]'), known_from = moment
    FROM jsonb_to_recordset(wanted) AS w (percent smallint, valid_from date, valid_until date)
    WHERE r.member_key = member.member_key AND lower(r.valid) = w.valid_from
      AND (r.percent, r.valid) IS DISTINCT FROM (w.percent, daterange(w.valid_from, w.valid_until, '[]'));
  GET DIAGNOSTICS updated = ROW_COUNT;
  INSERT INTO shikaku.ratios (member_key, insurer_number, percent, valid, known_from)
    SELECT member.member_key, member.insurer_number, w.percent, daterange(w.valid_from, w.valid_until, '[]'), moment
      FROM jsonb_to_recordset(wanted) AS w (percent smallint, valid_from date, valid_until date)
      WHERE NOT EXISTS (SELECT FROM shikaku.ratios AS r WHERE r.member_key = member.member_key AND lower(r.valid) = w.valid_from);
  GET DIAGNOSTICS inserted = ROW_COUNT;
  RETURN changed + updated + inserted;
END
$$;

CREATE FUNCTION shikaku.write_limits(member shikaku.members, wanted jsonb, moment timestamptz) RETURNS bigint
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  changed bigint;
  updated bigint;
  inserted bigint;
BEGIN
  IF NOT EXISTS (
    WITH stored AS (
      SELECT l.category, l.certificate, l.valid, l.long_stay_from::date FROM shikaku.limits AS l WHERE l.member_key = member.member_key
    ), asked AS (
      SELECT w.category, w.certificate, daterange(w.valid_from, w.valid_until, '[]'), w.long_stay_from
        FROM jsonb_to_recordset(wanted) AS w (category text, certificate text, valid_from date, valid_until date, long_stay_from date)
    )
    (TABLE stored EXCEPT TABLE asked) UNION ALL (TABLE asked EXCEPT TABLE stored)
  ) THEN
    RETURN 0;
  END IF;
  DELETE FROM shikaku.limits AS l
    WHERE l.member_key = member.member_key
      AND NOT EXISTS (SELECT FROM jsonb_to_recordset(wanted) AS w (valid_from date) WHERE w.valid_from = lower(l.valid));
  GET DIAGNOSTICS changed = ROW_COUNT;
  UPDATE shikaku.limits AS l
    SET category = w.category, certificate = w.certificate, valid = daterange(w.valid_from, w.valid_until, '[]'),
      long_stay_from = w.long_stay_from, known_from = moment
    FROM jsonb_to_recordset(wanted) AS w (category text, certificate text, valid_from date, valid_until date, long_stay_from date)
    WHERE l.member_key = member.member_key AND lower(l.valid) = w.valid_from
      AND (l.category, l.certificate, l.valid, l.long_stay_from)
        IS DISTINCT FROM (w.category, w.certificate, daterange(w.valid_from, w.valid_until, '[]'), w.long_stay_from);
  GET DIAGNOSTICS updated = ROW_COUNT;
  INSERT INTO shikaku.limits (member_key, insurer_number, category, certificate, valid, long_stay_from, known_from)
    SELECT member.member_key, member.insurer_number, w.category, w.certificate, daterange(w.valid_from, w.valid_until, '[]'),
        w.long_stay_from, moment
      FROM jsonb_to_recordset(wanted) AS w (category text, certificate text, valid_from date, valid_until date, long_stay_from date)
      WHERE NOT EXISTS (SELECT FROM shikaku.limits AS l WHERE l.member_key = member.member_key AND lower(l.valid) = w.valid_from);
  GET DIAGNOSTICS inserted = ROW_COUNT;
  RETURN changed + updated + inserted;
END
$$;

CREATE FUNCTION shikaku.write_specific_diseases(member shikaku.members, wanted jsonb, moment timestamptz) RETURNS bigint
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  changed bigint;
  updated bigint;
  inserted bigint;
BEGIN
  IF NOT EXISTS (
    WITH stored AS (
      SELECT d.category, d.self_pay, d.valid FROM shikaku.specific_diseases AS d WHERE d.member_key = member.member_key
    ), asked AS (
      SELECT w.category, w.self_pay, daterange(w.valid_from, w.valid_until, '[]')
        FROM jsonb_to_recordset(wanted) AS w (category text, self_pay integer, valid_from date, valid_until date)
    )
    (TABLE stored EXCEPT TABLE asked) UNION ALL (TABLE asked EXCEPT TABLE stored)
  ) THEN
    RETURN 0;
  END IF;
  DELETE FROM shikaku.specific_diseases AS d
    WHERE d.member_key = member.member_key
      AND NOT EXISTS (SELECT FROM jsonb_to_recordset(wanted) AS w (category text, valid_from date)
        WHERE w.category = d.category AND w.valid_from = lower(d.valid));
  GET DIAGNOSTICS changed = ROW_COUNT;
  UPDATE shikaku.specific_diseases AS d
    SET self_pay = w.self_pay, valid = daterange(w.valid_from, w.valid_until, '[]'), known_from = moment
    FROM jsonb_to_recordset(wanted) AS w (category text, self_pay integer, valid_from date, valid_until date)
    WHERE d.member_key = member.member_key AND d.category = w.category AND lower(d.valid) = w.valid_from
      AND (d.self_pay, d.valid) IS DISTINCT FROM (w.self_pay, daterange(w.valid_from, w.valid_until, '[]'));
  GET DIAGNOSTICS updated = ROW_COUNT;
  INSERT INTO shikaku.specific_diseases (member_key, insurer_number, category, self_pay, valid, known_from)
    SELECT member.member_key, member.insurer_number, w.category, w.self_pay, daterange(w.valid_from, w.valid_until, '[]'), moment
      FROM jsonb_to_recordset(wanted) AS w (category text, self_pay integer, valid_from date, valid_until date)
      WHERE NOT EXISTS (SELECT FROM shikaku.specific_diseases AS d
        WHERE d.member_key = member.member_key AND d.category = w.category AND lower(d.valid) = w.valid_from);
  GET DIAGNOSTICS inserted = ROW_COUNT;
  RETURN changed + updated + inserted;
END
$$;

-- 資格確認書 issued elsewhere (R10.4) are added or corrected, known by the days of issue and of validity; what is not asked for stays, because
-- it is in somebody's hand. At most one of a period is in circulation (R10.2): the one issued last, which therefore is looked at first.
CREATE FUNCTION shikaku.write_certificates(member shikaku.members, wanted jsonb, moment timestamptz) RETURNS bigint
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  asked record;
  stored shikaku.eligibility_certificates;
  holder bigint;
  is_newest boolean;
  changed bigint := 0;
BEGIN
  FOR asked IN
    SELECT w.number, w.issued_on, w.valid_from, w.valid_until, w.ordinality - 1 AS place
      FROM ROWS FROM (jsonb_to_recordset(wanted) AS (number text, issued_on date, valid_from date, valid_until date)) WITH ORDINALITY AS w
      ORDER BY w.issued_on DESC, w.ordinality DESC
  LOOP
    SELECT c.* INTO stored
      FROM shikaku.eligibility_certificates AS c JOIN shikaku.memberships AS ms USING (membership_id)
      WHERE ms.member_key = member.member_key AND c.issued_on = asked.issued_on AND c.valid_from = asked.valid_from
      ORDER BY c.certificate_id LIMIT 1;
    IF FOUND THEN
      IF (stored.number, stored.valid_until) IS DISTINCT FROM (asked.number, asked.valid_until) THEN
        UPDATE shikaku.eligibility_certificates
          SET number = asked.number, valid_until = asked.valid_until, known_from = greatest(moment, stored.known_from + interval '1 us')
          WHERE certificate_id = stored.certificate_id;
        changed := changed + 1;
      END IF;
      CONTINUE;
    END IF;
    SELECT ms.membership_id INTO holder FROM shikaku.memberships AS ms
      WHERE ms.member_key = member.member_key
      ORDER BY asked.valid_from < ms.acquired_on, abs(asked.valid_from - ms.acquired_on)
      LIMIT 1;
    IF NOT FOUND THEN
      PERFORM shikaku.refuse_member('certificate_without_membership', asked.place);
    END IF;
    is_newest := NOT EXISTS (SELECT FROM shikaku.eligibility_certificates AS c
      WHERE c.membership_id = holder AND c.state = 'issued' AND c.issued_on >= asked.issued_on);
    IF is_newest THEN
      UPDATE shikaku.eligibility_certificates AS c
        SET state = 'replaced', known_from = greatest(moment, c.known_from + interval '1 us')
        WHERE c.membership_id = holder AND c.state = 'issued';
    END IF;
    INSERT INTO shikaku.eligibility_certificates (membership_id, number, issued_on, valid_from, valid_until, state, known_from)
      VALUES (holder, asked.number, asked.issued_on, asked.valid_from, asked.valid_until,
        CASE WHEN is_newest THEN 'issued' ELSE 'replaced' END, moment);
    changed := changed + 1;
  END LOOP;
  RETURN changed;
END
$$;

-- The sealed individual number of a request, where it must be asked about (R8): of a member who is not linked, unless that very number is
-- waiting already and nothing that the register compares has changed; of a linked one, only with another name, birth date or number.
-- True: it waits now, and the link is pending.
CREATE FUNCTION shikaku.write_pending_number(before shikaku.members, after shikaku.members, sealed_number bytea, last4 text,
  moment timestamptz) RETURNS boolean
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  link_state CONSTANT text := coalesce((SELECT k.state FROM shikaku.links AS k WHERE k.member_key = after.member_key), 'pending');
  is_new_to_register CONSTANT boolean := (before.name, before.birth_date) IS DISTINCT FROM (after.name, after.birth_date);
BEGIN
  IF link_state = 'linked' AND NOT is_new_to_register AND coalesce(before.individual_number_last4, last4) = last4 THEN
    RETURN false;
  END IF;
  IF link_state = 'pending' AND NOT is_new_to_register
      AND (before.address, before.name_kana, before.sex) IS NOT DISTINCT FROM (after.address, after.name_kana, after.sex)
      AND EXISTS (SELECT FROM shikaku.pending_numbers AS p WHERE p.member_key = after.member_key AND p.sealed = sealed_number) THEN
    RETURN false;
  END IF;
  INSERT INTO shikaku.pending_numbers (member_key, sealed, received_at, next_try_at)
    VALUES (after.member_key, sealed_number, moment, moment)
    ON CONFLICT (member_key) DO UPDATE
      SET sealed = excluded.sealed, received_at = excluded.received_at, attempts = 0, next_try_at = excluded.next_try_at;
  UPDATE shikaku.links SET state = 'pending', mismatched = NULL, decided_at = NULL, known_from = moment
    WHERE member_key = after.member_key AND state <> 'pending';
  RETURN true;
END
$$;

-- The member's row, locked: whoever changes a part of the record takes turns here. Nobody: there is no such member. Who would wait for an
-- import of the insurer does not: it holds what it has changed until it has ended.
CREATE FUNCTION shikaku.lock_member(insurer_number text, member_id text) RETURNS shikaku.members
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  member shikaku.members;
BEGIN
  BEGIN
    SELECT m.* INTO member FROM shikaku.members AS m
      WHERE m.insurer_number = lock_member.insurer_number AND m.member_id = lock_member.member_id FOR NO KEY UPDATE NOWAIT;
    RETURN member;
  EXCEPTION WHEN lock_not_available THEN
    IF EXISTS (SELECT FROM shikaku.jobs AS j
        WHERE j.insurer_number = lock_member.insurer_number AND j.kind = 'import' AND j.state = 'running') THEN
      PERFORM shikaku.refuse_member('import_running');
    END IF;
  END;
  SELECT m.* INTO member FROM shikaku.members AS m
    WHERE m.insurer_number = lock_member.insurer_number AND m.member_id = lock_member.member_id FOR NO KEY UPDATE;
  RETURN member;
END
$$;

-- When this change becomes known: now, or where a clock was ahead just after all that is on record of the member.
CREATE FUNCTION shikaku.moment_of_change(member_key bigint, asked_at timestamptz) RETURNS timestamptz
LANGUAGE plpgsql STABLE SET search_path = '' AS $$
BEGIN
  RETURN (
    SELECT greatest($2, max(known.moment) + interval '1 us')
      FROM (
        SELECT m.known_from FROM shikaku.members AS m WHERE m.member_key = $1
        UNION ALL SELECT ms.known_from FROM shikaku.memberships AS ms WHERE ms.member_key = $1
        UNION ALL SELECT r.known_from FROM shikaku.ratios AS r WHERE r.member_key = $1
        UNION ALL SELECT l.known_from FROM shikaku.limits AS l WHERE l.member_key = $1
        UNION ALL SELECT d.known_from FROM shikaku.specific_diseases AS d WHERE d.member_key = $1
        UNION ALL SELECT k.known_from FROM shikaku.links AS k WHERE k.member_key = $1
      ) AS known (moment));
END
$$;

-- Makes the record what the document says; the outcome, and the row as it is then.
CREATE FUNCTION shikaku.write_member(asked_at timestamptz, insurer_number text, member_id text, document jsonb, sealed_number bytea,
  last4 text, must_be_new boolean, must_exist boolean, expected timestamptz,
  OUT outcome text, OUT member shikaku.members)
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  before shikaku.members := shikaku.lock_member(insurer_number, member_id);
  is_new CONSTANT boolean := before.member_key IS NULL;
  moment CONSTANT timestamptz := CASE WHEN is_new THEN asked_at ELSE shikaku.moment_of_change(before.member_key, asked_at) END;
  changed bigint;
  waits boolean := false;
BEGIN
  IF NOT is_new AND must_be_new THEN
    PERFORM shikaku.refuse_member('exists');
  ELSIF (is_new AND must_exist) OR (expected IS NOT NULL AND before.known_from IS DISTINCT FROM expected) THEN
    PERFORM shikaku.refuse_member('precondition_failed');
  ELSIF document ->> 'workplace_id' IS NOT NULL AND NOT EXISTS (SELECT FROM shikaku.workplaces AS w
      WHERE w.insurer_number = write_member.insurer_number AND w.workplace_id = document ->> 'workplace_id') THEN
    PERFORM shikaku.refuse_member('workplace_not_found');
  END IF;

  member := jsonb_populate_record(before, document || jsonb_build_object('insurer_number', insurer_number, 'member_id', member_id));
  IF is_new THEN
    INSERT INTO shikaku.persons DEFAULT VALUES RETURNING person_id INTO member.person_id;
    INSERT INTO shikaku.members (insurer_number, member_id, person_id, name, name_kana, name_other, name_other_kana, sex, sex_on_face,
        birth_date, postal_code, address, household_head, workplace_id, non_disclosure, self_information_stopped, known_from)
      VALUES (insurer_number, member_id, member.person_id, member.name, member.name_kana, member.name_other, member.name_other_kana,
        member.sex, member.sex_on_face, member.birth_date, member.postal_code, member.address, member.household_head, member.workplace_id,
        member.non_disclosure, member.self_information_stopped, moment)
      RETURNING members.member_key INTO member.member_key;
  END IF;

  PERFORM set_config('shikaku.changed_at', moment::text, true);
  changed := shikaku.write_memberships(member, document -> 'memberships', moment)
    + shikaku.write_ratios(member, document -> 'ratios', moment)
    + shikaku.write_limits(member, document -> 'limits', moment)
    + shikaku.write_specific_diseases(member, document -> 'specific_diseases', moment)
    + shikaku.write_certificates(member, document -> 'eligibility_certificates', moment);
  IF sealed_number IS NOT NULL THEN
    waits := shikaku.write_pending_number(before, member, sealed_number, last4, moment);
    IF waits AND member.individual_number_last4 <> last4 THEN
      member.individual_number_last4 := NULL; -- another's: the register says the new one's
    END IF;
  END IF;
  outcome := CASE WHEN is_new THEN 'created' WHEN changed > 0 OR waits OR member IS DISTINCT FROM before THEN 'changed' ELSE 'unchanged' END;
  IF outcome = 'changed' THEN
    UPDATE shikaku.members AS m
      SET name = member.name, name_kana = member.name_kana, name_other = member.name_other, name_other_kana = member.name_other_kana,
        sex = member.sex, sex_on_face = member.sex_on_face, birth_date = member.birth_date, postal_code = member.postal_code,
        address = member.address, household_head = member.household_head, workplace_id = member.workplace_id,
        non_disclosure = member.non_disclosure, self_information_stopped = member.self_information_stopped,
        individual_number_last4 = member.individual_number_last4, imported_digest = NULL, known_from = moment
      WHERE m.member_key = member.member_key;
  END IF;
  member.known_from := CASE WHEN outcome = 'unchanged' THEN before.known_from ELSE moment END;
END
$$;

-- The one way to write a member's record. `document` has the fields of member_document that an insurer writes, every one of them, and
-- symbol_key and number_key beside 記号 and 番号. `expected`: the version that the record must have; nothing: any. outcome:
--
--   created, changed, unchanged       `version` and `answer` (member_document, as text) are of the record as it is then
--   exists, precondition_failed, insured_not_found, certificate_without_membership (both at `place`, from 0), workplace_not_found,
--   periods_overlap, member_in_use (another record depends on a period that would be withdrawn), import_running
--   key_reused                        the Idempotency-Key came with another request
--
-- replayed: what the same request was answered before.
CREATE FUNCTION shikaku.put_member(asked_at timestamptz, insurer_number text, member_id text, document jsonb, sealed_number bytea,
  last4 text, must_be_new boolean, must_exist boolean, expected timestamptz, token_id bigint,
  route text, key_digest bytea, request_digest bytea)
RETURNS TABLE (outcome text, replayed boolean, version timestamptz, answer text, place integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET lock_timeout = '1500ms' AS $$
DECLARE
  known record;
  written record;
  refused_by text;
  at_place text;
BEGIN
  PERFORM shikaku.enter_insurer(insurer_number);
  replayed := false;
  -- Twice at most: who loses the race for a new member finds the other's.
  FOR try IN 1 .. 2 LOOP
    BEGIN
      known := shikaku.find_idempotent(token_id, key_digest, request_digest, asked_at);
      IF known.state = 'reused' THEN
        outcome := 'key_reused';
      ELSIF known.state = 'kept' THEN
        outcome := known.outcome;
        replayed := true;
        version := (known.answer ->> 'version')::timestamptz;
        answer := known.answer ->> 'answer';
      ELSE
        written := shikaku.write_member(asked_at, insurer_number, member_id, document, sealed_number, last4, must_be_new, must_exist,
          expected);
        outcome := written.outcome;
        version := (written.member).known_from;
        answer := shikaku.member_document((written.member).member_key)::text;
        PERFORM shikaku.keep_idempotent(token_id, key_digest, route, request_digest, outcome,
          jsonb_build_object('version', version, 'answer', answer), asked_at);
      END IF;
      EXIT;
    EXCEPTION
      WHEN SQLSTATE 'SK001' THEN
        GET STACKED DIAGNOSTICS at_place = PG_EXCEPTION_DETAIL;
        outcome := SQLERRM;
        place := nullif(at_place, '')::integer;
        EXIT;
      WHEN lock_not_available THEN
        outcome := 'import_running';
        EXIT;
      WHEN exclusion_violation THEN
        outcome := 'periods_overlap';
        EXIT;
      WHEN foreign_key_violation THEN
        GET STACKED DIAGNOSTICS refused_by = CONSTRAINT_NAME;
        IF refused_by = 'members_insurer_number_fkey' THEN
          RAISE; -- whose tokens could there be?
        END IF;
        outcome := CASE refused_by WHEN 'workplace_of_the_same_insurer' THEN 'workplace_not_found' ELSE 'member_in_use' END;
        EXIT;
      WHEN unique_violation THEN
        GET STACKED DIAGNOSTICS refused_by = CONSTRAINT_NAME;
        IF refused_by <> 'members_insurer_number_member_id_key' OR try = 2 THEN
          RAISE;
        END IF;
    END;
  END LOOP;
  RETURN NEXT;
END
$$;

-- A member as they are now, for who reads and for who is about to change something. outcome: found; none; or, where the same request was
-- answered before, as put_member.
CREATE FUNCTION shikaku.read_member(asked_at timestamptz, insurer_number text, member_id text, token_id bigint, key_digest bytea,
  request_digest bytea)
RETURNS TABLE (outcome text, replayed boolean, version timestamptz, answer text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  known record;
  member shikaku.members;
BEGIN
  PERFORM shikaku.enter_insurer(insurer_number);
  replayed := false;
  known := shikaku.find_idempotent(token_id, key_digest, request_digest, asked_at);
  IF known.state = 'reused' THEN
    outcome := 'key_reused';
  ELSIF known.state = 'kept' THEN
    outcome := known.outcome;
    replayed := true;
    version := (known.answer ->> 'version')::timestamptz;
    answer := known.answer ->> 'answer';
  ELSE
    SELECT m.* INTO member FROM shikaku.members AS m
      WHERE m.insurer_number = read_member.insurer_number AND m.member_id = read_member.member_id;
    outcome := CASE WHEN FOUND THEN 'found' ELSE 'none' END;
    version := member.known_from;
    answer := shikaku.member_document(member.member_key)::text;
  END IF;
  RETURN NEXT;
END
$$;

-- All that was ever known of a member (R3.4), by the time at which it became known: the newest thousand versions of their parts. NULL: there
-- is no such member. What a change of another part alone has moved, the row of the person, is one version with the one before.
CREATE FUNCTION shikaku.member_history(insurer_number text, member_id text) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  member shikaku.members;
  answer json;
BEGIN
  PERFORM shikaku.enter_insurer(insurer_number);
  SELECT m.* INTO member FROM shikaku.members AS m
    WHERE m.insurer_number = member_history.insurer_number AND m.member_id = member_history.member_id;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;

  WITH persons AS (
    SELECT v.known_from, v.value, lag(v.value) OVER (ORDER BY v.known_from) AS value_before
      FROM (
        SELECT h.known_from, to_jsonb(h) - 'known_until' AS value FROM shikaku.members_history AS h WHERE h.member_key = member.member_key
        UNION ALL
        SELECT member.known_from, to_jsonb(member)
      ) AS u (known_from, whole)
      CROSS JOIN LATERAL (SELECT u.known_from,
        u.whole - '{member_key,insurer_number,member_id,person_id,known_from,imported_digest}'::text[] AS value) AS v
  ), periods AS (
    SELECT ms.membership_id, ms.relationship, ms.insured_membership_id, ms.symbol, ms.number, ms.branch_number, ms.acquired_on, ms.lost_on,
        ms.loss_reason, ms.known_from, NULL::timestamptz AS known_until
      FROM shikaku.memberships AS ms WHERE ms.member_key = member.member_key
    UNION ALL
    SELECT h.membership_id, h.relationship, h.insured_membership_id, h.symbol, h.number, h.branch_number, h.acquired_on, h.lost_on,
        h.loss_reason, h.known_from, h.known_until
      FROM shikaku.memberships_history AS h WHERE h.member_key = member.member_key
  ), versions AS (
    SELECT 1 AS place, 'person' AS part, p.known_from, lead(p.known_from) OVER (ORDER BY p.known_from) AS known_until, p.value
      FROM persons AS p WHERE p.value IS DISTINCT FROM p.value_before
    UNION ALL
    SELECT 2, 'membership', p.known_from, p.known_until, jsonb_build_object('relationship', p.relationship, 'insured_member_id', i.member_id,
        'symbol', p.symbol, 'number', p.number, 'branch_number', p.branch_number, 'acquired_on', p.acquired_on, 'lost_on', p.lost_on,
        'loss_reason', p.loss_reason)
      FROM periods AS p
      LEFT JOIN LATERAL (
        SELECT m.member_id
          FROM (SELECT ms.member_key FROM shikaku.memberships AS ms WHERE ms.membership_id = p.insured_membership_id
                UNION ALL
                SELECT h.member_key FROM shikaku.memberships_history AS h WHERE h.membership_id = p.insured_membership_id) AS insured
          JOIN shikaku.members AS m USING (member_key)
          LIMIT 1) AS i ON true
    UNION ALL
    SELECT 3, 'ratio', v.known_from, v.known_until,
        jsonb_build_object('percent', v.percent, 'valid_from', lower(v.valid), 'valid_until', upper(v.valid) - 1)
      FROM (
        SELECT r.percent, r.valid, r.known_from, NULL::timestamptz AS known_until
          FROM shikaku.ratios AS r WHERE r.member_key = member.member_key
        UNION ALL
        SELECT h.percent, h.valid, h.known_from, h.known_until FROM shikaku.ratios_history AS h WHERE h.member_key = member.member_key) AS v
    UNION ALL
    SELECT 4, 'limit', v.known_from, v.known_until, jsonb_build_object('category', v.category, 'certificate', v.certificate,
        'valid_from', lower(v.valid), 'valid_until', upper(v.valid) - 1, 'long_stay_from', v.long_stay_from)
      FROM (
        SELECT l.category, l.certificate, l.valid, l.long_stay_from, l.known_from, NULL::timestamptz AS known_until
          FROM shikaku.limits AS l WHERE l.member_key = member.member_key
        UNION ALL
        SELECT h.category, h.certificate, h.valid, h.long_stay_from, h.known_from, h.known_until
          FROM shikaku.limits_history AS h WHERE h.member_key = member.member_key) AS v
    UNION ALL
    SELECT 5, 'specific_disease', v.known_from, v.known_until, jsonb_build_object('category', v.category, 'self_pay', v.self_pay,
        'valid_from', lower(v.valid), 'valid_until', upper(v.valid) - 1)
      FROM (
        SELECT d.category, d.self_pay, d.valid, d.known_from, NULL::timestamptz AS known_until
          FROM shikaku.specific_diseases AS d WHERE d.member_key = member.member_key
        UNION ALL
        SELECT h.category, h.self_pay, h.valid, h.known_from, h.known_until
          FROM shikaku.specific_diseases_history AS h WHERE h.member_key = member.member_key) AS v
    UNION ALL
    SELECT 6, 'eligibility_certificate', v.known_from, v.known_until, jsonb_build_object('number', v.number, 'issued_on', v.issued_on,
        'valid_from', v.valid_from, 'valid_until', v.valid_until, 'state', v.state)
      FROM (SELECT DISTINCT p.membership_id FROM periods AS p) AS holder
      CROSS JOIN LATERAL (
        SELECT c.number, c.issued_on, c.valid_from, c.valid_until, c.state, c.known_from, NULL::timestamptz AS known_until
          FROM shikaku.eligibility_certificates AS c WHERE c.membership_id = holder.membership_id
        UNION ALL
        SELECT h.number, h.issued_on, h.valid_from, h.valid_until, h.state, h.known_from, h.known_until
          FROM shikaku.eligibility_certificates_history AS h WHERE h.membership_id = holder.membership_id) AS v
    UNION ALL
    SELECT 7, 'link', v.known_from, v.known_until, jsonb_build_object('state', v.state, 'mismatched', coalesce(to_jsonb(v.mismatched), '[]'),
        'decided_at', shikaku.instant_text(v.decided_at))
      FROM (
        SELECT k.state, k.mismatched, k.decided_at, k.known_from, NULL::timestamptz AS known_until
          FROM shikaku.links AS k WHERE k.member_key = member.member_key
        UNION ALL
        SELECT h.state, h.mismatched, h.decided_at, h.known_from, h.known_until
          FROM shikaku.links_history AS h WHERE h.member_key = member.member_key) AS v
  ), newest AS (
    SELECT * FROM versions ORDER BY known_from DESC, place DESC, value DESC LIMIT 1000
  )
  SELECT json_build_object('member_id', member.member_id, 'complete', (SELECT count(*) FROM versions) <= 1000,
      'versions', json_agg(json_build_object('part', n.part, 'known_from', shikaku.exact_instant_text(n.known_from),
        'known_until', shikaku.exact_instant_text(n.known_until), 'value', n.value) ORDER BY n.known_from, n.place, n.value))
    INTO answer FROM newest AS n;
  RETURN answer;
END
$$;

DO $$
DECLARE
  made record;
BEGIN
  FOR made IN SELECT p.oid::regprocedure AS signature FROM pg_catalog.pg_proc AS p
    WHERE p.pronamespace = 'shikaku'::regnamespace AND p.proname IN ('instant_text', 'exact_instant_text', 'member_document', 'refuse_member',
      'insured_membership', 'pair_memberships', 'memberships_differ', 'write_memberships', 'write_ratios', 'write_limits', 'write_specific_diseases',
      'write_certificates', 'write_pending_number', 'lock_member', 'moment_of_change', 'write_member', 'put_member', 'read_member',
      'member_history')
  LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO shikaku_insurer', made.signature);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', made.signature);
  END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION shikaku.instant_text(timestamptz), shikaku.member_document(bigint),
  shikaku.put_member(timestamptz, text, text, jsonb, bytea, text, boolean, boolean, timestamptz, bigint, text, bytea, bytea),
  shikaku.read_member(timestamptz, text, text, bigint, bytea, bytea), shikaku.member_history(text, text)
  TO shikaku_service;

REVOKE CREATE ON SCHEMA shikaku FROM shikaku_insurer;

COMMIT;
