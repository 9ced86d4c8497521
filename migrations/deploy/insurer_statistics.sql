-- Deploy shikaku:insurer_statistics to pg
-- What an insurer may know of its members in numbers, as of a day.

BEGIN;

-- Whose members a check was about: the insurer that was asked for, or, by card, the one that answered. NULL where that is nobody's: a card
-- that may not be used, and records from before. It is part of a record's digest where it has a value (R13.2).
ALTER TABLE shikaku.checks
  ADD COLUMN insurer_number text
    CONSTRAINT insurer_number_is_8_digits CHECK (octet_length(insurer_number) = 8 AND insurer_number !~ '[^0-9]');

-- What stands behind no row-level security, or behind one that would look up each row's owner, is seen through these by those who serve one
-- insurer. Who asks for the insurer besides, by a value, spares a million looks at the setting.
CREATE VIEW shikaku.own_standings WITH (security_barrier) AS
  SELECT s.membership_id, s.person_id, s.insurer_number, s.relationship, s.birth_date, s.insured_birth_date, s.insured_lost_on, s.acquired_on,
      s.lost_on, s.registered, s.link_state
    FROM shikaku.standings AS s
    WHERE s.insurer_number = current_setting('shikaku.insurer', true);

CREATE VIEW shikaku.own_registrations WITH (security_barrier) AS
  SELECT m.member_key, m.person_id, u.registered_at, u.cancelled_at
    FROM shikaku.members AS m JOIN shikaku.use_registrations AS u USING (person_id)
    WHERE m.insurer_number = current_setting('shikaku.insurer', true);

CREATE VIEW shikaku.own_certificates WITH (security_barrier) AS
  SELECT ms.insurer_number, ec.state, ec.valid_until, ec.known_from, NULL::timestamptz AS known_until
    FROM shikaku.eligibility_certificates AS ec JOIN shikaku.memberships AS ms USING (membership_id)
    WHERE ms.insurer_number = current_setting('shikaku.insurer', true)
  UNION ALL
  SELECT ms.insurer_number, ec.state, ec.valid_until, ec.known_from, ec.known_until
    FROM shikaku.eligibility_certificates_history AS ec JOIN shikaku.memberships AS ms USING (membership_id)
    WHERE ms.insurer_number = current_setting('shikaku.insurer', true);

CREATE VIEW shikaku.own_checks WITH (security_barrier) AS
  SELECT c.checked_at, c.validity, c.accepted
    FROM shikaku.checks AS c
    WHERE c.insurer_number = current_setting('shikaku.insurer', true);

GRANT SELECT ON shikaku.own_standings, shikaku.own_registrations, shikaku.own_certificates, shikaku.own_checks TO shikaku_insurer;

-- Members in force, in numbers.
CREATE TYPE shikaku.member_counts AS (members bigint, insured bigint, registered bigint, linked bigint, mismatch bigint);

-- Of the members in force on a day (R3.1 to R3.3, as at the desk) those whose records are still what they were before `until`: one pass over
-- the read model, without the periods that are counted elsewhere. Registrations have no history but their own two moments.
CREATE FUNCTION shikaku.count_untouched(insurer_number text, as_of date, until timestamptz, touched bigint[]) RETURNS shikaku.member_counts
LANGUAGE plpgsql SET search_path = '' AS $$
#variable_conflict use_column
DECLARE
  -- Whoever was born on or before this day is 75 or older (R3.2).
  born_75 CONSTANT date := count_untouched.as_of - interval '75 years';
  moves_at_75 CONSTANT boolean := count_untouched.insurer_number NOT LIKE '39%';
  counts shikaku.member_counts;
BEGIN
  WITH changed AS (
    SELECT DISTINCT r.person_id, r.registered_at < until AS registered FROM shikaku.own_registrations AS r
      WHERE isfinite(until) AND (r.registered_at >= until OR r.cancelled_at >= until)
  )
  SELECT count(*), count(*) FILTER (WHERE s.relationship = 'insured'), count(*) FILTER (WHERE coalesce(c.registered, s.registered)),
      count(*) FILTER (WHERE s.link_state = 'linked'), count(*) FILTER (WHERE s.link_state = 'mismatch')
    INTO counts
    FROM shikaku.own_standings AS s LEFT JOIN changed AS c USING (person_id)
    WHERE s.insurer_number = count_untouched.insurer_number AND s.membership_id <> ALL (touched) AND s.acquired_on <= count_untouched.as_of
      AND (s.lost_on IS NULL OR s.lost_on > count_untouched.as_of)
      AND (s.insured_lost_on IS NULL OR s.insured_lost_on > count_untouched.as_of)
      AND NOT (moves_at_75 AND (s.birth_date <= born_75 OR coalesce(s.insured_birth_date <= born_75, false)));
  RETURN counts;
END
$$;

-- The same of these members, by what was current just before `until`.
CREATE FUNCTION shikaku.count_touched(insurer_number text, as_of date, until timestamptz, touched bigint[]) RETURNS shikaku.member_counts
LANGUAGE plpgsql SET search_path = '' AS $$
#variable_conflict use_column
DECLARE
  born_75 CONSTANT date := count_touched.as_of - interval '75 years';
  moves_at_75 CONSTANT boolean := count_touched.insurer_number NOT LIKE '39%';
  counts shikaku.member_counts;
BEGIN
  WITH periods AS (
    SELECT ms.member_key, ms.relationship, ms.insured_membership_id, ms.acquired_on, ms.lost_on FROM shikaku.memberships AS ms
      WHERE ms.member_key = ANY (touched) AND ms.known_from < until
    UNION ALL
    SELECT ms.member_key, ms.relationship, ms.insured_membership_id, ms.acquired_on, ms.lost_on FROM shikaku.memberships_history AS ms
      WHERE ms.member_key = ANY (touched) AND ms.known_from < until AND ms.known_until >= until
  ), insured_periods AS (
    SELECT ms.membership_id, ms.member_key, ms.lost_on FROM shikaku.memberships AS ms
      WHERE ms.membership_id IN (SELECT p.insured_membership_id FROM periods AS p) AND ms.known_from < until
    UNION ALL
    SELECT ms.membership_id, ms.member_key, ms.lost_on FROM shikaku.memberships_history AS ms
      WHERE ms.membership_id IN (SELECT p.insured_membership_id FROM periods AS p) AND ms.known_from < until AND ms.known_until >= until
  ), people AS (
    SELECT m.member_key, m.birth_date FROM shikaku.members AS m
      WHERE m.member_key IN (SELECT p.member_key FROM periods AS p UNION SELECT i.member_key FROM insured_periods AS i) AND m.known_from < until
    UNION ALL
    SELECT m.member_key, m.birth_date FROM shikaku.members_history AS m
      WHERE m.member_key IN (SELECT p.member_key FROM periods AS p UNION SELECT i.member_key FROM insured_periods AS i)
        AND m.known_from < until AND m.known_until >= until
  ), states AS (
    SELECT l.member_key, l.state FROM shikaku.links AS l WHERE l.member_key = ANY (touched) AND l.known_from < until
    UNION ALL
    SELECT l.member_key, l.state FROM shikaku.links_history AS l
      WHERE l.member_key = ANY (touched) AND l.known_from < until AND l.known_until >= until
  )
  SELECT count(*), count(*) FILTER (WHERE p.relationship = 'insured'), count(r.member_key),
      count(*) FILTER (WHERE s.state = 'linked'), count(*) FILTER (WHERE s.state = 'mismatch')
    INTO counts
    FROM periods AS p
    JOIN people AS m USING (member_key)
    LEFT JOIN insured_periods AS insured_p ON insured_p.membership_id = p.insured_membership_id
    LEFT JOIN people AS insured_m ON insured_m.member_key = insured_p.member_key
    LEFT JOIN states AS s ON s.member_key = p.member_key
    LEFT JOIN shikaku.own_registrations AS r
      ON r.member_key = p.member_key AND r.registered_at < until AND (r.cancelled_at IS NULL OR r.cancelled_at >= until)
    WHERE p.acquired_on <= as_of AND (p.lost_on IS NULL OR p.lost_on > as_of) AND (insured_p.lost_on IS NULL OR insured_p.lost_on > as_of)
      AND NOT (moves_at_75 AND (m.birth_date <= born_75 OR coalesce(insured_m.birth_date <= born_75, false)));
  RETURN counts;
END
$$;

-- An insurer in numbers as of a day: of today as it is known now, of an earlier day as it was known when that day ended (R3.4). certificates:
-- issued, returned, revoked, expired, replaced. The checks of the `days` days that end with that day, by day, validity and whether what was
-- shown was accepted.
CREATE FUNCTION shikaku.count_members(insurer_number text, as_of date, today date, days bigint)
RETURNS TABLE (members bigint, insured bigint, registered bigint, linked bigint, mismatch bigint, certificates bigint[], check_days date[],
  check_validities smallint[], check_accepted boolean[], check_counts bigint[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET plan_cache_mode = force_custom_plan SET jit = off SET enable_seqscan = on
SET enable_hashjoin = on SET enable_bitmapscan = on SET max_parallel_workers_per_gather = 0 SET work_mem = '64MB' AS $$
#variable_conflict use_column
DECLARE
  -- The first moment of the next day in Japan; of today nothing is known yet that would be later.
  ends_at CONSTANT timestamptz := (count_members.as_of + 1)::timestamp AT TIME ZONE 'Asia/Tokyo';
  until CONSTANT timestamptz := CASE WHEN count_members.as_of = count_members.today THEN 'infinity' ELSE ends_at END;
  touched bigint[] := '{}';
  touched_periods bigint[] := '{}';
  untouched shikaku.member_counts;
  others shikaku.member_counts;
BEGIN
  PERFORM shikaku.enter_insurer(count_members.insurer_number);
  IF isfinite(until) THEN
    -- Whatever part of a record changed, its member's version moved. A dependant's cover depends on the insured person's.
    touched := ARRAY(SELECT m.member_key FROM shikaku.members AS m
      WHERE m.insurer_number = count_members.insurer_number AND m.known_from >= until);
    touched := ARRAY(
      SELECT unnest(touched)
      UNION
      SELECT dependent_ms.member_key
        FROM shikaku.memberships AS ms JOIN shikaku.memberships AS dependent_ms ON dependent_ms.insured_membership_id = ms.membership_id
        WHERE ms.member_key = ANY (touched));
    touched_periods := ARRAY(SELECT ms.membership_id FROM shikaku.memberships AS ms WHERE ms.member_key = ANY (touched));
  END IF;
  untouched := shikaku.count_untouched(count_members.insurer_number, as_of, until, touched_periods);
  others := shikaku.count_touched(count_members.insurer_number, as_of, until, touched);
  members := untouched.members + others.members;
  insured := untouched.insured + others.insured;
  registered := untouched.registered + others.registered;
  linked := untouched.linked + others.linked;
  mismatch := untouched.mismatch + others.mismatch;

  WITH states AS (
    -- Nobody writes down that a last day has passed.
    SELECT CASE WHEN ec.state = 'issued' AND ec.valid_until < as_of THEN 'expired' ELSE ec.state END AS state
      FROM shikaku.own_certificates AS ec
      WHERE ec.insurer_number = count_members.insurer_number AND ec.known_from < until AND (ec.known_until IS NULL OR (isfinite(until) AND ec.known_until >= until))
  )
  SELECT ARRAY[count(*) FILTER (WHERE s.state = 'issued'), count(*) FILTER (WHERE s.state = 'returned'),
      count(*) FILTER (WHERE s.state = 'revoked'), count(*) FILTER (WHERE s.state = 'expired'), count(*) FILTER (WHERE s.state = 'replaced')]
    INTO certificates FROM states AS s;

  SELECT coalesce(array_agg(c.day ORDER BY c.day, c.validity, c.accepted DESC), '{}'),
      coalesce(array_agg(c.validity ORDER BY c.day, c.validity, c.accepted DESC), '{}'),
      coalesce(array_agg(c.accepted ORDER BY c.day, c.validity, c.accepted DESC), '{}'),
      coalesce(array_agg(c.count ORDER BY c.day, c.validity, c.accepted DESC), '{}')
    INTO check_days, check_validities, check_accepted, check_counts
    FROM (
      SELECT (k.checked_at AT TIME ZONE 'Asia/Tokyo')::date AS day, k.validity, k.accepted, count(*) AS count
        FROM shikaku.own_checks AS k
        WHERE k.checked_at >= ends_at - make_interval(days => count_members.days::integer) AND k.checked_at < ends_at
        GROUP BY 1, 2, 3
    ) AS c;
  RETURN NEXT;
END
$$;

REVOKE ALL ON FUNCTION shikaku.count_untouched(text, date, timestamptz, bigint[]),
  shikaku.count_touched(text, date, timestamptz, bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION shikaku.count_untouched(text, date, timestamptz, bigint[]),
  shikaku.count_touched(text, date, timestamptz, bigint[]) TO shikaku_insurer;
GRANT CREATE ON SCHEMA shikaku TO shikaku_insurer;
ALTER FUNCTION shikaku.count_members(text, date, date, bigint) OWNER TO shikaku_insurer;
REVOKE ALL ON FUNCTION shikaku.count_members(text, date, date, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION shikaku.count_members(text, date, date, bigint) TO shikaku_service;
REVOKE CREATE ON SCHEMA shikaku FROM shikaku_insurer;

COMMIT;
