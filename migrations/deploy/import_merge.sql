-- Deploy shikaku:import_merge to pg
-- The rows of a file become members: a slice is one transaction, with the read model and the progress in it, so that after a crash
-- at any moment it is merged or it is not.
--
--   merge_import_slice(…)   the whole of it, in this order:
--     find_rows_to_merge      pg_temp.wanted: rows that are not as the same line made them before
--     find_missing            whom a full file does not name
--     lock_merged             members first, then their families' persons, each in order: as whoever writes one member does
--     read_rows_to_merge      pg_temp.merging: those rows, with the keys that they have or get
--     refuse_rows             what is wrong across rows, into import_errors
--     leave_unchanged         the rows that say what is on record
--     merge_people … merge_certificates, end_missing, merge_standings
--   finish_import(…)        after the last slice
--
-- What a file's row means. A member is known by its member_id; all fields of the person are set, absent ones to no value. A period
-- is known by acquired_on. A ratio, limit or disease (of one category) is known by its first day; a new one ends the open one before
-- it. A certificate is known by its period, date of issue and first day; a new one replaces the one before. A group of which nothing
-- is given, and what the row does not name, stay as they are.

BEGIN;

-- Transactions in which the checks after each statement stand aside, because the merge makes them itself, for all rows at once. Only
-- the owner's functions write it, and they take their row out again before they end.
CREATE TABLE shikaku.deferred_transactions (transaction xid8 PRIMARY KEY);

CREATE FUNCTION shikaku.is_deferred() RETURNS boolean
LANGUAGE sql STABLE SET search_path = '' AS $$
  SELECT EXISTS (SELECT FROM shikaku.deferred_transactions AS d WHERE d.transaction = pg_current_xact_id_if_assigned())
$$;

-- As in standings, and deferred.
CREATE OR REPLACE FUNCTION shikaku.keep_standings() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  touched CONSTANT text := CASE TG_OP
    WHEN 'INSERT' THEN 'new_rows' WHEN 'DELETE' THEN 'old_rows' ELSE '(TABLE old_rows UNION ALL TABLE new_rows)' END;
  person_ids bigint[];
  gone_membership_ids bigint[] := '{}';
BEGIN
  IF current_setting('shikaku.standings', true) = 'deferred' AND pg_has_role(session_user, current_user, 'MEMBER') THEN
    RETURN NULL;
  END IF;
  IF shikaku.is_deferred() THEN
    RETURN NULL;
  END IF;
  CASE TG_ARGV[0]
    WHEN 'person_id' THEN
      EXECUTE format('SELECT array_agg(DISTINCT person_id) FROM %s AS t', touched) INTO person_ids;
    WHEN 'member_key' THEN
      EXECUTE format('SELECT array_agg(DISTINCT m.person_id) FROM %s AS t JOIN shikaku.members AS m USING (member_key)', touched)
        INTO person_ids;
    WHEN 'membership_id' THEN
      EXECUTE format('SELECT array_agg(DISTINCT m.person_id) FROM %s AS t JOIN shikaku.memberships AS ms USING (membership_id)
        JOIN shikaku.members AS m ON m.member_key = ms.member_key', touched) INTO person_ids;
  END CASE;
  IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'memberships' THEN
    EXECUTE 'SELECT coalesce(array_agg(membership_id), ''{}'') FROM old_rows' INTO gone_membership_ids;
  END IF;
  IF person_ids IS NOT NULL THEN
    PERFORM shikaku.refresh_standings_of_persons(person_ids, gone_membership_ids);
  END IF;
  RETURN NULL;
END
$$;

-- As in memberships, and deferred.
CREATE OR REPLACE FUNCTION shikaku.memberships_do_not_overlap() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'memberships are written at READ COMMITTED only' USING ERRCODE = 'invalid_transaction_state';
  END IF;
  IF shikaku.is_deferred() THEN
    RETURN NULL;
  END IF;
  PERFORM FROM shikaku.members
    WHERE member_key IN (SELECT new_rows.member_key FROM new_rows)
    ORDER BY member_key
    FOR NO KEY UPDATE;
  IF EXISTS (
    SELECT FROM new_rows AS this
      JOIN shikaku.memberships AS other ON other.member_key = this.member_key AND other.membership_id <> this.membership_id
      WHERE daterange(this.acquired_on, this.lost_on) && daterange(other.acquired_on, other.lost_on)
  ) THEN
    RAISE EXCEPTION 'periods of one member overlap'
      USING ERRCODE = 'exclusion_violation', SCHEMA = 'shikaku', TABLE = 'memberships', CONSTRAINT = 'memberships_do_not_overlap';
  END IF;
  RETURN NULL;
END
$$;

-- It joins the rows before and after a statement, of which nothing is known but how many they are: 2,000 of them, one by one with each
-- other, took two seconds.
ALTER FUNCTION shikaku.keep_history() SET enable_nestloop = off;

-- When something is known that changes what was known from `before`: later than that, whatever the clocks say.
CREATE FUNCTION shikaku.known_later(at timestamptz, before timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE SET search_path = '' AS $$ SELECT greatest($1, $2 + interval '1 microsecond') $$;

-- What an error tells of a value.
CREATE FUNCTION shikaku.value_class(value text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = '' AS $$
  SELECT CASE WHEN $1 IS NULL OR $1 = '' THEN 'empty' WHEN $1 ~ '^[0-9]+$' THEN 'digits' WHEN $1 !~ '[^ -~]' THEN 'ascii' ELSE 'text' END
$$;

-- Days from a first to a last one; one beyond which no day can be printed is none.
CREATE FUNCTION shikaku.days_of(valid_from text, valid_until text) RETURNS daterange
LANGUAGE sql IMMUTABLE SET search_path = '' AS $$
  SELECT daterange($1::date, CASE WHEN $2::date < '9999-12-31' THEN $2::date + 1 END)
$$;

-- In which slice a line is merged. The header is no row.
CREATE FUNCTION shikaku.slice_of(line bigint, slice_rows integer, slices integer) RETURNS integer
LANGUAGE sql IMMUTABLE SET search_path = '' AS $$ SELECT least($3 - 1, greatest(0, ($1 - 2) / $2))::integer $$;

-- pg_temp.wanted; the number of staged rows in the slice. A dependant waits for the slice of its insured person.
CREATE FUNCTION shikaku.find_rows_to_merge(import shikaku.imports, slice integer) RETURNS bigint
LANGUAGE plpgsql SET search_path = '' SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  rows_of_the_slice bigint := import.rows_valid;
BEGIN
  CREATE TEMP TABLE in_slice (line bigint) ON COMMIT DROP;
  IF import.slices > 1 THEN
    INSERT INTO pg_temp.in_slice
      SELECT s.line FROM shikaku.staged_members AS s
        LEFT JOIN (SELECT i.member_id, min(i.line) AS line FROM shikaku.staged_members AS i
          WHERE i.slot = import.slot AND i.relationship = 'insured' GROUP BY i.member_id) AS insured
          ON s.relationship = 'dependent' AND insured.member_id = s.insured_member_id
        WHERE s.slot = import.slot
          AND shikaku.slice_of(greatest(s.line, insured.line), import.slice_rows, import.slices) = slice;
    GET DIAGNOSTICS rows_of_the_slice = ROW_COUNT;
    ANALYZE pg_temp.in_slice;
  END IF;
  CREATE TEMP TABLE wanted ON COMMIT DROP AS
    SELECT s.line, s.member_id, s.insured_member_id, m.member_key
      FROM shikaku.staged_members AS s
      LEFT JOIN shikaku.members AS m ON m.insurer_number = import.insurer_number AND m.member_id = s.member_id
      LEFT JOIN shikaku.links AS l ON s.individual_number IS NOT NULL AND l.member_key = m.member_key
      LEFT JOIN shikaku.pending_numbers AS p ON s.individual_number IS NOT NULL AND p.member_key = m.member_key
      WHERE s.slot = import.slot
        AND (m.imported_digest IS DISTINCT FROM s.digest
          OR (s.individual_number IS NOT NULL AND l.state IS DISTINCT FROM 'linked'
            AND p.sealed IS DISTINCT FROM decode(s.individual_number, 'hex')))
        AND (import.slices = 1 OR s.line IN (SELECT i.line FROM pg_temp.in_slice AS i));
  ANALYZE pg_temp.wanted;
  RETURN rows_of_the_slice;
END
$$;

-- Whom a full file does not name of those whose cover is in force on the day, into import_missing, before anything is merged. false:
-- they are to be ended, and are too many: the file is suspect.
CREATE FUNCTION shikaku.find_missing(import shikaku.imports, day date) RETURNS boolean
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  in_force bigint;
  missing bigint;
BEGIN
  CREATE TEMP TABLE in_force ON COMMIT DROP AS
    SELECT DISTINCT ms.member_key FROM shikaku.memberships AS ms
      WHERE ms.insurer_number = import.insurer_number AND ms.acquired_on <= day AND (ms.lost_on IS NULL OR ms.lost_on > day);
  GET DIAGNOSTICS in_force = ROW_COUNT;
  ANALYZE pg_temp.in_force;
  INSERT INTO shikaku.import_missing (import_id, member_key)
    SELECT import.import_id, m.member_key
      FROM pg_temp.in_force AS f JOIN shikaku.members AS m ON m.member_key = f.member_key
      LEFT JOIN shikaku.staged_members AS s ON s.slot = import.slot AND s.member_id = m.member_id
      WHERE s.member_id IS NULL
    ON CONFLICT DO NOTHING;
  GET DIAGNOSTICS missing = ROW_COUNT;
  UPDATE shikaku.imports AS i SET members_missing = missing, members_ended = 0 WHERE i.import_id = import.import_id;
  RETURN NOT import.end_missing OR missing * 100 <= import.missing_max_percent * in_force;
END
$$;

CREATE FUNCTION shikaku.lock_merged(import shikaku.imports, ends_missing boolean) RETURNS void
LANGUAGE plpgsql SET search_path = '' SET plan_cache_mode = force_custom_plan AS $$
BEGIN
  CREATE TEMP TABLE changed ON COMMIT DROP AS
    SELECT w.member_key FROM pg_temp.wanted AS w WHERE w.member_key IS NOT NULL
    UNION
    SELECT x.member_key FROM shikaku.import_missing AS x WHERE ends_missing AND x.import_id = import.import_id;
  ANALYZE pg_temp.changed;
  PERFORM FROM shikaku.members AS m WHERE m.member_key IN (SELECT c.member_key FROM pg_temp.changed AS c)
    ORDER BY m.member_key FOR NO KEY UPDATE;
  PERFORM FROM shikaku.persons AS p
    WHERE p.person_id IN (
      SELECT m.person_id FROM pg_temp.changed AS c JOIN shikaku.members AS m ON m.member_key = c.member_key
      UNION
      SELECT im.person_id FROM pg_temp.changed AS c
        JOIN shikaku.memberships AS ms ON ms.member_key = c.member_key
        JOIN shikaku.memberships AS ims ON ims.membership_id = ms.insured_membership_id
        JOIN shikaku.members AS im ON im.member_key = ims.member_key
      UNION
      SELECT dm.person_id FROM pg_temp.changed AS c
        JOIN shikaku.memberships AS ms ON ms.member_key = c.member_key
        JOIN shikaku.memberships AS dms ON dms.insured_membership_id = ms.membership_id
        JOIN shikaku.members AS dm ON dm.member_key = dms.member_key
      UNION
      SELECT im.person_id FROM pg_temp.wanted AS w
        JOIN shikaku.members AS im ON im.insurer_number = import.insurer_number AND im.member_id = w.insured_member_id)
    ORDER BY p.person_id FOR NO KEY UPDATE;
END
$$;

-- pg_temp.merging, read after the wait for the locks. Keys of what is new are taken here, so that the rows know each other by them.
CREATE FUNCTION shikaku.read_rows_to_merge(import shikaku.imports) RETURNS void
LANGUAGE plpgsql SET search_path = '' SET plan_cache_mode = force_custom_plan AS $$
BEGIN
  CREATE TEMP TABLE merging ON COMMIT DROP AS
    SELECT s.line, s.digest, s.member_id, m.member_key IS NULL AS is_new,
        coalesce(m.member_key, nextval('shikaku.members_member_key_seq')) AS member_key,
        coalesce(m.person_id, nextval('shikaku.persons_person_id_seq')) AS person_id,
        s.name, s.name_kana, s.name_other, s.name_other_kana, s.sex, s.sex_on_face, s.birth_date::date, s.postal_code, s.address,
        s.household_head, s.workplace_id, coalesce(s.non_disclosure::boolean, false) AS non_disclosure,
        coalesce(s.self_information_stopped::boolean, false) AS self_information_stopped,
        CASE WHEN l.state IS DISTINCT FROM 'linked' AND p.sealed IS DISTINCT FROM decode(s.individual_number, 'hex')
          THEN decode(s.individual_number, 'hex') END AS sealed,
        ms.membership_id IS NULL AS has_new_period,
        CASE WHEN s.acquired_on IS NOT NULL
          THEN coalesce(ms.membership_id, nextval('shikaku.memberships_membership_id_seq')) END AS membership_id,
        s.relationship, s.insured_member_id, s.symbol, s.symbol_key, s.number, s.number_key, s.branch_number,
        s.acquired_on::date, s.lost_on::date, s.loss_reason,
        s.ratio_percent::smallint,
        CASE WHEN s.ratio_valid_from IS NOT NULL THEN shikaku.days_of(s.ratio_valid_from, s.ratio_valid_until) END AS ratio_valid,
        s.limit_category, s.limit_certificate, s.limit_long_stay_from::date,
        CASE WHEN s.limit_valid_from IS NOT NULL THEN shikaku.days_of(s.limit_valid_from, s.limit_valid_until) END AS limit_valid,
        s.disease_category, s.disease_self_pay::integer,
        CASE WHEN s.disease_valid_from IS NOT NULL THEN shikaku.days_of(s.disease_valid_from, s.disease_valid_until) END AS disease_valid,
        s.certificate_number, s.certificate_issued_on::date, s.certificate_valid_from::date, s.certificate_valid_until::date
      FROM pg_temp.wanted AS w
      JOIN shikaku.staged_members AS s ON s.slot = import.slot AND s.line = w.line
      LEFT JOIN shikaku.members AS m ON m.member_key = w.member_key
      LEFT JOIN shikaku.memberships AS ms ON ms.member_key = w.member_key AND ms.acquired_on = s.acquired_on::date
      LEFT JOIN shikaku.links AS l ON s.individual_number IS NOT NULL AND l.member_key = w.member_key
      LEFT JOIN shikaku.pending_numbers AS p ON s.individual_number IS NOT NULL AND p.member_key = w.member_key;
  ANALYZE pg_temp.merging;
END
$$;

-- Of each dependant the insured person's period that covers the day on which the dependant's begins: one of the file, or one that the
-- file does not change. pg_temp.insured_of.
CREATE FUNCTION shikaku.find_insured(import shikaku.imports) RETURNS void
LANGUAGE plpgsql SET search_path = '' SET plan_cache_mode = force_custom_plan AS $$
BEGIN
  CREATE TEMP TABLE insured_of ON COMMIT DROP AS
    SELECT d.line, i.membership_id
      FROM pg_temp.merging AS d JOIN pg_temp.merging AS i ON i.member_id = d.insured_member_id
      WHERE d.relationship = 'dependent' AND i.relationship = 'insured'
        AND i.acquired_on <= d.acquired_on AND (i.lost_on IS NULL OR i.lost_on > d.acquired_on)
    UNION ALL
    SELECT d.line, ms.membership_id
      FROM pg_temp.merging AS d
      JOIN shikaku.members AS im ON im.insurer_number = import.insurer_number AND im.member_id = d.insured_member_id
      JOIN shikaku.memberships AS ms ON ms.member_key = im.member_key
      WHERE d.relationship = 'dependent' AND ms.relationship = 'insured' AND ms.membership_id <> d.membership_id
        AND ms.acquired_on <= d.acquired_on AND (ms.lost_on IS NULL OR ms.lost_on > d.acquired_on)
        AND NOT EXISTS (SELECT FROM pg_temp.merging AS x WHERE x.membership_id = ms.membership_id);
  ANALYZE pg_temp.insured_of;
END
$$;

-- pg_temp.refused: what is wrong between this row and others, but for dependants without an insured person. Later lines are the
-- duplicates.
CREATE FUNCTION shikaku.find_refused_rows(import shikaku.imports) RETURNS void
LANGUAGE plpgsql SET search_path = '' SET plan_cache_mode = force_custom_plan AS $$
BEGIN
  CREATE TEMP TABLE refused (line bigint NOT NULL, field text NOT NULL, value_class text NOT NULL, reason text NOT NULL) ON COMMIT DROP;
  INSERT INTO pg_temp.refused
    SELECT s.line, 'member_id', shikaku.value_class(s.member_id), 'duplicate_member'
      FROM (SELECT a.member_id, min(a.line) AS first_line FROM shikaku.staged_members AS a
          WHERE a.slot = import.slot GROUP BY a.member_id HAVING count(*) > 1) AS twice
      JOIN shikaku.staged_members AS s ON s.slot = import.slot AND s.member_id = twice.member_id AND s.line > twice.first_line
      WHERE import.slices = 1 OR s.line IN (SELECT i.line FROM pg_temp.in_slice AS i);
  DELETE FROM pg_temp.merging AS x USING pg_temp.refused AS r WHERE r.line = x.line;
  INSERT INTO pg_temp.refused
    SELECT x.line, 'workplace_id', shikaku.value_class(x.workplace_id), 'workplace_not_found' FROM pg_temp.merging AS x
      WHERE x.workplace_id IS NOT NULL AND NOT EXISTS (SELECT FROM shikaku.workplaces AS w
        WHERE w.insurer_number = import.insurer_number AND w.workplace_id = x.workplace_id)
    UNION ALL
    SELECT x.line, 'acquired_on', 'empty', 'missing' FROM pg_temp.merging AS x
      WHERE x.certificate_valid_from IS NOT NULL AND x.acquired_on IS NULL
    UNION ALL
    SELECT DISTINCT x.line, 'acquired_on', 'date', 'periods_overlap' FROM pg_temp.merging AS x
      JOIN shikaku.memberships AS o ON o.member_key = x.member_key AND o.membership_id <> x.membership_id
      WHERE NOT x.is_new AND daterange(x.acquired_on, x.lost_on) && daterange(o.acquired_on, o.lost_on)
    UNION ALL
    SELECT DISTINCT x.line, 'relationship', 'ascii', 'dependants_remain' FROM pg_temp.merging AS x
      JOIN shikaku.memberships AS d ON d.insured_membership_id = x.membership_id
      WHERE NOT x.is_new AND x.relationship = 'dependent'
    UNION ALL
    SELECT DISTINCT x.line, 'ratio_valid_from', 'date', 'periods_overlap' FROM pg_temp.merging AS x
      JOIN shikaku.ratios AS t ON t.member_key = x.member_key
      WHERE NOT x.is_new AND shikaku.spans_clash(x.ratio_valid, t.valid)
    UNION ALL
    SELECT DISTINCT x.line, 'limit_valid_from', 'date', 'periods_overlap' FROM pg_temp.merging AS x
      JOIN shikaku.limits AS t ON t.member_key = x.member_key
      WHERE NOT x.is_new AND shikaku.spans_clash(x.limit_valid, t.valid)
    UNION ALL
    SELECT DISTINCT x.line, 'disease_valid_from', 'date', 'periods_overlap' FROM pg_temp.merging AS x
      JOIN shikaku.specific_diseases AS t ON t.member_key = x.member_key AND t.category = x.disease_category
      WHERE NOT x.is_new AND shikaku.spans_clash(x.disease_valid, t.valid);
  DELETE FROM pg_temp.merging AS x USING pg_temp.refused AS r WHERE r.line = x.line;
END
$$;

-- Do they overlap, although one of the same first day is replaced, and an open one from before ends?
CREATE FUNCTION shikaku.spans_clash(coming daterange, present daterange) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = '' AS $$
  SELECT $1 && $2 AND lower($1) <> lower($2) AND NOT (upper_inf($2) AND lower($2) < lower($1))
$$;

-- Lists what is wrong and leaves the good rows in pg_temp.merging. How many rows were refused.
CREATE FUNCTION shikaku.refuse_rows(import shikaku.imports) RETURNS bigint
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  rows_refused bigint;
BEGIN
  PERFORM shikaku.find_refused_rows(import);
  PERFORM shikaku.find_insured(import);
  INSERT INTO pg_temp.refused
    SELECT x.line, 'insured_member_id', shikaku.value_class(x.insured_member_id), 'insured_not_found' FROM pg_temp.merging AS x
      WHERE x.relationship = 'dependent' AND NOT EXISTS (SELECT FROM pg_temp.insured_of AS i WHERE i.line = x.line);
  DELETE FROM pg_temp.merging AS x USING pg_temp.refused AS r WHERE r.line = x.line;
  INSERT INTO shikaku.import_errors (import_id, line, field, value_class, reason)
    SELECT import.import_id, r.line, r.field, r.value_class, r.reason FROM pg_temp.refused AS r ORDER BY r.line, r.field
      LIMIT greatest(0, 10000 - (SELECT count(*) FROM shikaku.import_errors AS e WHERE e.import_id = import.import_id));
  SELECT count(DISTINCT r.line) INTO rows_refused FROM pg_temp.refused AS r;
  UPDATE shikaku.imports AS i
    SET errors = i.errors + (SELECT count(*) FROM pg_temp.refused), rows_failed = i.rows_failed + rows_refused,
        rows_valid = i.rows_valid - rows_refused
    WHERE i.import_id = import.import_id AND rows_refused > 0;
  RETURN rows_refused;
END
$$;

-- Who is as the row says, though another way, or in other words, made him so: an export that is sent in again changes nothing.
CREATE FUNCTION shikaku.leave_unchanged() RETURNS void
LANGUAGE plpgsql SET search_path = '' SET plan_cache_mode = force_custom_plan AS $$
BEGIN
  CREATE TEMP TABLE unchanged ON COMMIT DROP AS
    SELECT x.line
      FROM pg_temp.merging AS x
      JOIN shikaku.members AS m ON m.member_key = x.member_key
      LEFT JOIN pg_temp.insured_of AS i ON i.line = x.line
      LEFT JOIN shikaku.memberships AS ms ON ms.membership_id = x.membership_id
      LEFT JOIN shikaku.ratios AS r ON r.member_key = x.member_key AND lower(r.valid) = lower(x.ratio_valid)
      LEFT JOIN shikaku.limits AS l ON l.member_key = x.member_key AND lower(l.valid) = lower(x.limit_valid)
      LEFT JOIN shikaku.specific_diseases AS d
        ON d.member_key = x.member_key AND d.category = x.disease_category AND lower(d.valid) = lower(x.disease_valid)
      LEFT JOIN shikaku.eligibility_certificates AS c ON c.membership_id = x.membership_id
        AND c.issued_on = x.certificate_issued_on AND c.valid_from = x.certificate_valid_from
      WHERE NOT x.is_new AND x.sealed IS NULL
        AND (m.name, m.name_kana, m.name_other, m.name_other_kana, m.sex, m.sex_on_face, m.birth_date, m.postal_code, m.address,
            m.household_head, m.workplace_id, m.non_disclosure, m.self_information_stopped)
          IS NOT DISTINCT FROM (x.name, x.name_kana, x.name_other, x.name_other_kana, x.sex, x.sex_on_face, x.birth_date,
            x.postal_code, x.address, x.household_head, x.workplace_id, x.non_disclosure, x.self_information_stopped)
        AND (x.acquired_on IS NULL
          OR (ms.acquired_on, ms.relationship, ms.insured_membership_id, ms.symbol, ms.number, ms.branch_number, ms.symbol_key,
              ms.number_key, ms.lost_on, ms.loss_reason)
            IS NOT DISTINCT FROM (x.acquired_on, x.relationship, i.membership_id, x.symbol, x.number, x.branch_number,
              x.symbol_key, x.number_key, x.lost_on, x.loss_reason))
        AND (x.ratio_valid IS NULL OR (r.percent, r.valid) IS NOT DISTINCT FROM (x.ratio_percent, x.ratio_valid))
        AND (x.limit_valid IS NULL OR (l.category, l.certificate, l.valid, l.long_stay_from)
          IS NOT DISTINCT FROM (x.limit_category, x.limit_certificate, x.limit_valid, x.limit_long_stay_from))
        AND (x.disease_valid IS NULL OR (d.category, d.self_pay, d.valid)
          IS NOT DISTINCT FROM (x.disease_category, x.disease_self_pay, x.disease_valid))
        AND (x.certificate_valid_from IS NULL OR (c.valid_from, c.number, c.valid_until)
          IS NOT DISTINCT FROM (x.certificate_valid_from, x.certificate_number, x.certificate_valid_until));
  ANALYZE pg_temp.unchanged;
  DELETE FROM pg_temp.merging AS x USING pg_temp.unchanged AS u WHERE u.line = x.line;
END
$$;

CREATE FUNCTION shikaku.merge_people(insurer_number text, at timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  INSERT INTO shikaku.persons (person_id) OVERRIDING SYSTEM VALUE SELECT x.person_id FROM pg_temp.merging AS x WHERE x.is_new;
  INSERT INTO shikaku.members (member_key, insurer_number, member_id, person_id, name, name_kana, name_other, name_other_kana, sex,
      sex_on_face, birth_date, postal_code, address, household_head, workplace_id, non_disclosure, self_information_stopped, known_from,
      imported_digest)
    OVERRIDING SYSTEM VALUE
    SELECT x.member_key, merge_people.insurer_number, x.member_id, x.person_id, x.name, x.name_kana, x.name_other, x.name_other_kana,
        x.sex, x.sex_on_face, x.birth_date, x.postal_code, x.address, x.household_head, x.workplace_id, x.non_disclosure,
        x.self_information_stopped, merge_people.at, x.digest
      FROM pg_temp.merging AS x WHERE x.is_new;
  UPDATE shikaku.members AS m
    SET name = x.name, name_kana = x.name_kana, name_other = x.name_other, name_other_kana = x.name_other_kana, sex = x.sex,
        sex_on_face = x.sex_on_face, birth_date = x.birth_date, postal_code = x.postal_code, address = x.address,
        household_head = x.household_head, workplace_id = x.workplace_id, non_disclosure = x.non_disclosure,
        self_information_stopped = x.self_information_stopped, known_from = shikaku.known_later(merge_people.at, m.known_from),
        imported_digest = x.digest
    FROM pg_temp.merging AS x WHERE x.member_key = m.member_key AND NOT x.is_new;

  -- R8.3: a correction sends the number again. Without one there is nothing to ask, and the mismatch stays on the insurer's list.
  INSERT INTO shikaku.pending_numbers (member_key, sealed, received_at, next_try_at)
    SELECT x.member_key, x.sealed, merge_people.at, merge_people.at FROM pg_temp.merging AS x WHERE x.sealed IS NOT NULL
    ON CONFLICT (member_key) DO UPDATE
      SET sealed = excluded.sealed, received_at = excluded.received_at, attempts = 0, next_try_at = excluded.next_try_at;
  UPDATE shikaku.links AS l
    SET state = 'pending', mismatched = NULL, decided_at = NULL, known_from = shikaku.known_later(merge_people.at, l.known_from)
    FROM pg_temp.merging AS x
    WHERE x.member_key = l.member_key AND l.state = 'mismatch' AND x.sealed IS NOT NULL;
END
$$;

-- Insured persons' periods first: the dependants' refer to them.
CREATE FUNCTION shikaku.merge_periods(insurer_number text, at timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
#variable_conflict use_column
DECLARE
  merged_relationship text;
BEGIN
  FOREACH merged_relationship IN ARRAY ARRAY['insured', 'dependent'] LOOP
    UPDATE shikaku.memberships AS ms
      SET relationship = x.relationship, insured_membership_id = i.membership_id, symbol = x.symbol, number = x.number,
          branch_number = x.branch_number, symbol_key = x.symbol_key, number_key = x.number_key, lost_on = x.lost_on,
          loss_reason = x.loss_reason, known_from = shikaku.known_later(merge_periods.at, ms.known_from)
      FROM pg_temp.merging AS x LEFT JOIN pg_temp.insured_of AS i ON i.line = x.line
      WHERE x.membership_id = ms.membership_id AND NOT x.has_new_period AND x.relationship = merged_relationship
        AND (ms.relationship, ms.insured_membership_id, ms.symbol, ms.number, ms.branch_number, ms.symbol_key, ms.number_key,
            ms.lost_on, ms.loss_reason)
          IS DISTINCT FROM (x.relationship, i.membership_id, x.symbol, x.number, x.branch_number, x.symbol_key, x.number_key,
            x.lost_on, x.loss_reason);
    INSERT INTO shikaku.memberships (membership_id, member_key, insurer_number, relationship, insured_membership_id, symbol, number,
        branch_number, symbol_key, number_key, acquired_on, lost_on, loss_reason, known_from)
      OVERRIDING SYSTEM VALUE
      SELECT x.membership_id, x.member_key, merge_periods.insurer_number, x.relationship, i.membership_id, x.symbol, x.number,
          x.branch_number, x.symbol_key, x.number_key, x.acquired_on, x.lost_on, x.loss_reason, merge_periods.at
        FROM pg_temp.merging AS x LEFT JOIN pg_temp.insured_of AS i ON i.line = x.line
        WHERE x.membership_id IS NOT NULL AND x.has_new_period AND x.relationship = merged_relationship;
  END LOOP;
END
$$;

-- Ratios, limits or diseases. columns: the table's, beside `valid`; staged: the same of x; valid: x's days; same: may be one another's
-- successor.
CREATE FUNCTION shikaku.merge_spans(span_table text, columns text, staged text, valid text, same text, insurer_number text,
  at timestamptz)
RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  EXECUTE format('UPDATE shikaku.%1$I AS t
      SET valid = daterange(lower(t.valid), lower(%2$s)), known_from = shikaku.known_later($1, t.known_from)
      FROM pg_temp.merging AS x
      WHERE NOT x.is_new AND t.member_key = x.member_key AND %3$s AND upper_inf(t.valid) AND lower(t.valid) < lower(%2$s)',
    span_table, valid, same) USING at;
  EXECUTE format('UPDATE shikaku.%1$I AS t SET (%2$s, valid, known_from) = ROW (%3$s, %4$s, shikaku.known_later($1, t.known_from))
      FROM pg_temp.merging AS x
      WHERE NOT x.is_new AND t.member_key = x.member_key AND %5$s AND lower(t.valid) = lower(%4$s)
        AND (%6$s, t.valid) IS DISTINCT FROM (%3$s, %4$s)',
    span_table, columns, staged, valid, same, 't.' || replace(columns, ', ', ', t.')) USING at;
  EXECUTE format('INSERT INTO shikaku.%1$I (member_key, insurer_number, %2$s, valid, known_from)
      SELECT x.member_key, $1, %3$s, %4$s, $2 FROM pg_temp.merging AS x
        WHERE %4$s IS NOT NULL AND (x.is_new OR NOT EXISTS (SELECT FROM shikaku.%1$I AS t
          WHERE t.member_key = x.member_key AND %5$s AND lower(t.valid) = lower(%4$s)))',
    span_table, columns, staged, valid, same) USING insurer_number, at;
END
$$;

-- R10.4
CREATE FUNCTION shikaku.merge_certificates(at timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  UPDATE shikaku.eligibility_certificates AS c
    SET number = x.certificate_number, valid_until = x.certificate_valid_until, known_from = shikaku.known_later(at, c.known_from)
    FROM pg_temp.merging AS x
    WHERE NOT x.has_new_period AND c.membership_id = x.membership_id AND c.issued_on = x.certificate_issued_on
      AND c.valid_from = x.certificate_valid_from
      AND (c.number, c.valid_until) IS DISTINCT FROM (x.certificate_number, x.certificate_valid_until);
  CREATE TEMP TABLE issued ON COMMIT DROP AS
    SELECT x.membership_id, x.certificate_number, x.certificate_issued_on, x.certificate_valid_from, x.certificate_valid_until
      FROM pg_temp.merging AS x
      WHERE x.certificate_valid_from IS NOT NULL
        AND (x.has_new_period OR NOT EXISTS (SELECT FROM shikaku.eligibility_certificates AS c
          WHERE c.membership_id = x.membership_id AND c.issued_on = x.certificate_issued_on AND c.valid_from = x.certificate_valid_from));
  ANALYZE pg_temp.issued;
  UPDATE shikaku.eligibility_certificates AS c
    SET state = 'replaced', known_from = shikaku.known_later(at, c.known_from)
    FROM pg_temp.issued AS x
    WHERE c.membership_id = x.membership_id AND c.state = 'issued' AND c.issued_on <= x.certificate_issued_on;
  INSERT INTO shikaku.eligibility_certificates (membership_id, number, issued_on, valid_from, valid_until, state, known_from)
    SELECT x.membership_id, x.certificate_number, x.certificate_issued_on, x.certificate_valid_from, x.certificate_valid_until,
        CASE WHEN later.membership_id IS NULL THEN 'issued' ELSE 'replaced' END, at
      FROM pg_temp.issued AS x
      LEFT JOIN shikaku.eligibility_certificates AS later ON later.membership_id = x.membership_id AND later.state = 'issued';
END
$$;

-- Ends the cover of those whom the file does not name. How many members. A line that names one of them again is not one that changes
-- nothing.
CREATE FUNCTION shikaku.end_missing(import shikaku.imports, at timestamptz) RETURNS bigint
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  members_ended bigint;
BEGIN
  CREATE TEMP TABLE ended ON COMMIT DROP AS
    SELECT ms.membership_id, ms.member_key
      FROM shikaku.import_missing AS x JOIN shikaku.memberships AS ms ON ms.member_key = x.member_key
      WHERE x.import_id = import.import_id AND ms.acquired_on < import.missing_lost_on
        AND (ms.lost_on IS NULL OR ms.lost_on > import.missing_lost_on);
  ANALYZE pg_temp.ended;
  UPDATE shikaku.memberships AS ms
    SET lost_on = import.missing_lost_on, loss_reason = '99', known_from = shikaku.known_later(at, ms.known_from)
    FROM pg_temp.ended AS e WHERE e.membership_id = ms.membership_id;
  UPDATE shikaku.members AS m SET imported_digest = NULL, known_from = shikaku.known_later(at, m.known_from)
    WHERE m.member_key IN (SELECT e.member_key FROM pg_temp.ended AS e);
  GET DIAGNOSTICS members_ended = ROW_COUNT;
  RETURN members_ended;
END
$$;

-- The read model of what the merge touched. Who is new has nothing on record yet that could differ; of all others, what their persons
-- and their dependants have.
CREATE FUNCTION shikaku.merge_standings() RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  membership_ids bigint[];
BEGIN
  INSERT INTO shikaku.standings
    SELECT s.*, nextval('shikaku.standings_version')
      FROM pg_temp.merging AS x JOIN shikaku.standings_source AS s ON s.membership_id = x.membership_id WHERE x.is_new;
  CREATE TEMP TABLE touched ON COMMIT DROP AS
    SELECT row_number() OVER (ORDER BY t.membership_id) AS position, t.membership_id FROM (
      SELECT ms.membership_id
        FROM pg_temp.changed AS c JOIN shikaku.members AS cm ON cm.member_key = c.member_key
        JOIN shikaku.members AS m ON m.person_id = cm.person_id
        JOIN shikaku.memberships AS ms ON ms.member_key = m.member_key
      UNION
      SELECT dms.membership_id
        FROM pg_temp.changed AS c JOIN shikaku.members AS cm ON cm.member_key = c.member_key
        JOIN shikaku.members AS m ON m.person_id = cm.person_id
        JOIN shikaku.memberships AS ms ON ms.member_key = m.member_key
        JOIN shikaku.memberships AS dms ON dms.insured_membership_id = ms.membership_id) AS t;
  FOR membership_ids IN SELECT array_agg(t.membership_id) FROM pg_temp.touched AS t GROUP BY t.position / 20000 LOOP
    PERFORM shikaku.write_standings(membership_ids);
  END LOOP;
END
$$;

-- Merges one slice of an import that `runner` has. outcome:
--
--   merged             also when it was merged before
--   rows_refused       nothing of it is merged; import_errors say why
--   too_many_missing   nothing is merged: a full file of which so many are missing is suspect; import_missing says who
--
-- Plans are made for this slot where rows are read, and only there: the foreign keys' own look-ups, planned anew for each row, took two
-- thirds of an import's time.
--
-- slices_left: how many are not merged yet. Says "progress n" on the way, in hundredths of the whole import. With rows refused nobody
-- is ended who is missing: the file may name him in a row that could not be read.
CREATE FUNCTION shikaku.merge_import_slice(import_id uuid, runner uuid, slice integer, at timestamptz)
RETURNS TABLE (outcome text, slices_left integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET jit = off SET work_mem = '64MB'
  SET max_parallel_workers_per_gather = 0 AS $$
#variable_conflict use_column
DECLARE
  asked_id CONSTANT uuid := merge_import_slice.import_id;
  import shikaku.imports;
  rows_of_the_slice bigint;
  refused bigint;
  changed bigint;
  created bigint;
  ended bigint := 0;
  is_last boolean;
  ends_missing boolean;
BEGIN
  PERFORM shikaku.standings_need_read_committed();
  SELECT i.* INTO STRICT import FROM shikaku.imports AS i WHERE i.import_id = asked_id;
  PERFORM pg_advisory_xact_lock(hashtextextended('shikaku.merge ' || import.insurer_number, 0));
  SELECT i.* INTO STRICT import FROM shikaku.imports AS i WHERE i.import_id = asked_id;
  IF import.slices_merged > slice OR import.slot IS NULL THEN
    RETURN QUERY SELECT 'merged', import.slices - import.slices_merged;
    RETURN;
  END IF;
  is_last := slice = import.slices - 1;
  INSERT INTO shikaku.deferred_transactions VALUES (pg_current_xact_id());
  EXECUTE format('ANALYZE shikaku.staged_members_%s', import.slot);
  rows_of_the_slice := shikaku.find_rows_to_merge(import, slice);
  PERFORM shikaku.tell_progress(import, slice, 10);

  IF import.mode = 'full' AND slice = 0 AND NOT shikaku.find_missing(import,
      coalesce(import.missing_lost_on, (merge_import_slice.at AT TIME ZONE 'Asia/Tokyo')::date)) THEN
    PERFORM shikaku.end_merge(asked_id, merge_import_slice.runner);
    RETURN QUERY SELECT 'too_many_missing', import.slices;
    RETURN;
  END IF;
  ends_missing := is_last AND import.end_missing AND import.rows_failed = 0;
  PERFORM shikaku.lock_merged(import, ends_missing);
  PERFORM shikaku.read_rows_to_merge(import);
  refused := shikaku.refuse_rows(import);
  PERFORM shikaku.tell_progress(import, slice, 25);
  IF refused > 0 AND NOT import.keep_good_rows THEN
    PERFORM shikaku.end_merge(asked_id, merge_import_slice.runner);
    RETURN QUERY SELECT 'rows_refused', import.slices - slice;
    RETURN;
  END IF;
  ends_missing := ends_missing AND refused = 0;
  PERFORM shikaku.leave_unchanged();

  SELECT count(*) FILTER (WHERE x.is_new), count(*) FILTER (WHERE NOT x.is_new) INTO created, changed
    FROM pg_temp.merging AS x;
  IF created + changed > 0 THEN
    PERFORM shikaku.merge_people(import.insurer_number, merge_import_slice.at);
    PERFORM shikaku.tell_progress(import, slice, 45);
    PERFORM shikaku.merge_periods(import.insurer_number, merge_import_slice.at);
    PERFORM shikaku.tell_progress(import, slice, 65);
    PERFORM shikaku.merge_spans('ratios', 'percent', 'x.ratio_percent', 'x.ratio_valid', 'true', import.insurer_number,
      merge_import_slice.at);
    PERFORM shikaku.merge_spans('limits', 'category, certificate, long_stay_from',
      'x.limit_category, x.limit_certificate, x.limit_long_stay_from', 'x.limit_valid', 'true', import.insurer_number,
      merge_import_slice.at);
    PERFORM shikaku.merge_spans('specific_diseases', 'category, self_pay', 'x.disease_category, x.disease_self_pay',
      'x.disease_valid', 't.category = x.disease_category', import.insurer_number, merge_import_slice.at);
    PERFORM shikaku.merge_certificates(merge_import_slice.at);
  END IF;
  IF ends_missing THEN
    ended := shikaku.end_missing(import, merge_import_slice.at);
  END IF;
  IF created > 1000 THEN
    PERFORM shikaku.analyze_members();
  END IF;
  PERFORM shikaku.tell_progress(import, slice, 75);
  PERFORM shikaku.merge_standings();
  UPDATE shikaku.imports AS i
    SET rows_merged = i.rows_merged + rows_of_the_slice - refused, rows_created = i.rows_created + created,
        rows_changed = i.rows_changed + changed,
        rows_unchanged = i.rows_unchanged + rows_of_the_slice - refused - created - changed,
        slices_merged = i.slices_merged + 1,
        members_ended = CASE WHEN i.mode = 'full' THEN coalesce(i.members_ended, 0) + ended END
    WHERE i.import_id = asked_id;
  PERFORM shikaku.end_merge(asked_id, merge_import_slice.runner);
  PERFORM shikaku.tell_progress(import, slice, 100);
  RETURN QUERY SELECT 'merged', import.slices - slice - 1;
END
$$;

-- hundredths: of the slice.
CREATE FUNCTION shikaku.tell_progress(import shikaku.imports, slice integer, hundredths integer) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  RAISE NOTICE 'progress %', (slice * 100 + hundredths) * 95 / (import.slices * 100);
END
$$;

-- Whoever no longer has the job, or was told to stop, has merged nothing.
CREATE FUNCTION shikaku.end_merge(import_id uuid, runner uuid) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  DELETE FROM shikaku.deferred_transactions AS d WHERE d.transaction = pg_current_xact_id();
  PERFORM FROM shikaku.jobs AS j
    WHERE j.job_id = end_merge.import_id AND j.runner = end_merge.runner AND j.state = 'running' AND NOT j.cancel_requested
    FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the job is not ours any more' USING ERRCODE = 'query_canceled';
  END IF;
END
$$;

-- A plan made on an almost empty table is a thousand times slower after a load.
CREATE FUNCTION shikaku.analyze_members() RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  ANALYZE shikaku.persons, shikaku.members, shikaku.memberships, shikaku.ratios, shikaku.limits, shikaku.specific_diseases,
    shikaku.eligibility_certificates, shikaku.pending_numbers;
END
$$;

-- After the last slice.
CREATE FUNCTION shikaku.finish_import(import_id uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  IF (SELECT i.rows_created + i.rows_changed > 1000 FROM shikaku.imports AS i WHERE i.import_id = finish_import.import_id) THEN
    PERFORM shikaku.analyze_members();
    ANALYZE shikaku.standings, shikaku.links;
  END IF;
END
$$;

GRANT EXECUTE ON FUNCTION shikaku.merge_import_slice(uuid, uuid, integer, timestamptz), shikaku.finish_import(uuid) TO shikaku_service;

COMMIT;
