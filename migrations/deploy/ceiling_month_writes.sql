-- Deploy shikaku:ceiling_month_writes to pg
-- Whoever knows that care of a month reached its ceiling says so: the insurer, or the institution where it did (R7.11).

BEGIN;

GRANT INSERT, UPDATE (counts_from) ON shikaku.ceiling_months TO shikaku_insurer;

-- Puts the month on record for the member whose membership it is, under its 記号・番号 as they are now, by which it is counted. Said again
-- by the same institution, it is the same one; where it did not count and now does, it counts from now on. outcome:
--
--   reported      it is new, and has the id given
--   on_record     it was said before
--
-- No row: the insurer has no such membership.
CREATE FUNCTION shikaku.report_ceiling_month(ceiling_month_id uuid, reported_at timestamptz, token_id bigint, insurer_number text,
  membership_id bigint, month date, institution_code text, counts boolean)
RETURNS TABLE (outcome text, reported shikaku.ceiling_months)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
#variable_conflict use_column
DECLARE
  asked_id CONSTANT uuid := report_ceiling_month.ceiling_month_id;
  asked_at CONSTANT timestamptz := report_ceiling_month.reported_at;
  asked_of CONSTANT text := report_ceiling_month.institution_code;
  holder shikaku.memberships;
  answer shikaku.ceiling_months;
BEGIN
  PERFORM shikaku.enter_insurer(report_ceiling_month.insurer_number);
  SELECT ms.* INTO holder FROM shikaku.memberships AS ms
    WHERE ms.membership_id = report_ceiling_month.membership_id AND ms.insurer_number = report_ceiling_month.insurer_number;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  -- Another process' clock may have been a little ahead.
  INSERT INTO shikaku.ceiling_months AS c (ceiling_month_id, member_key, insurer_number, symbol_key, number_key, month, institution_code,
      counts_from, reported_at, reported_by)
    VALUES (asked_id, holder.member_key, holder.insurer_number, holder.symbol_key, holder.number_key, report_ceiling_month.month, asked_of,
      CASE WHEN report_ceiling_month.counts THEN asked_at END, asked_at, report_ceiling_month.token_id)
    ON CONFLICT ON CONSTRAINT ceiling_month_is_reported_once DO UPDATE
      SET counts_from = greatest(excluded.counts_from, c.reported_at)
      WHERE c.counts_from IS NULL AND excluded.counts_from IS NOT NULL
    RETURNING c.* INTO answer;
  IF NOT FOUND THEN
    SELECT c.* INTO answer FROM shikaku.ceiling_months AS c
      WHERE c.member_key = holder.member_key AND c.month = report_ceiling_month.month AND c.institution_code IS NOT DISTINCT FROM asked_of;
  END IF;
  RETURN QUERY SELECT CASE WHEN answer.ceiling_month_id = asked_id THEN 'reported' ELSE 'on_record' END, answer;
END
$$;

GRANT CREATE ON SCHEMA shikaku TO shikaku_insurer;
ALTER FUNCTION shikaku.report_ceiling_month(uuid, timestamptz, bigint, text, bigint, date, text, boolean) OWNER TO shikaku_insurer;
REVOKE CREATE ON SCHEMA shikaku FROM shikaku_insurer;
REVOKE ALL ON FUNCTION shikaku.report_ceiling_month(uuid, timestamptz, bigint, text, bigint, date, text, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION shikaku.report_ceiling_month(uuid, timestamptz, bigint, text, bigint, date, text, boolean) TO shikaku_service;

COMMIT;
