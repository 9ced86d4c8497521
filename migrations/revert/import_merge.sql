-- Revert shikaku:import_merge from pg
-- What was merged stays.

BEGIN;

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

CREATE OR REPLACE FUNCTION shikaku.memberships_do_not_overlap() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'memberships are written at READ COMMITTED only' USING ERRCODE = 'invalid_transaction_state';
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

DROP FUNCTION shikaku.finish_import(uuid);
DROP FUNCTION shikaku.analyze_members();
DROP FUNCTION shikaku.end_merge(uuid, uuid);
DROP FUNCTION shikaku.tell_progress(shikaku.imports, integer, integer);
DROP FUNCTION shikaku.merge_import_slice(uuid, uuid, integer, timestamptz);
DROP FUNCTION shikaku.merge_standings();
DROP FUNCTION shikaku.end_missing(shikaku.imports, timestamptz);
DROP FUNCTION shikaku.merge_certificates(timestamptz);
DROP FUNCTION shikaku.merge_spans(text, text, text, text, text, text, timestamptz);
DROP FUNCTION shikaku.merge_periods(text, timestamptz);
DROP FUNCTION shikaku.merge_people(text, timestamptz);
DROP FUNCTION shikaku.refuse_rows(shikaku.imports);
DROP FUNCTION shikaku.spans_clash(daterange, daterange);
DROP FUNCTION shikaku.find_refused_rows(shikaku.imports);
DROP FUNCTION shikaku.find_insured(shikaku.imports);
DROP FUNCTION shikaku.read_rows_to_merge(shikaku.imports);
DROP FUNCTION shikaku.lock_merged(shikaku.imports, boolean);
DROP FUNCTION shikaku.find_missing(shikaku.imports, date);
DROP FUNCTION shikaku.find_rows_to_merge(shikaku.imports, integer);
DROP FUNCTION shikaku.slice_of(bigint, integer, integer);
DROP FUNCTION shikaku.days_of(text, text);
DROP FUNCTION shikaku.value_class(text);
DROP FUNCTION shikaku.known_later(timestamptz, timestamptz);
DROP FUNCTION shikaku.is_deferred();
DROP TABLE shikaku.deferred_transactions;

COMMIT;
