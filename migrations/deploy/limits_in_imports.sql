-- Deploy shikaku:limits_in_imports to pg
-- A row of a file fits what is on record of its member, as a record over REST fits itself (R7.13): what the rules say of one record, for
-- rows that change a part of it.

BEGIN;

-- From which day on somebody's ratio, and limit, are those of the elderly (R7.1): the month after the one in which 70 is reached.
CREATE FUNCTION shikaku.elderly_first_day(birth_date date) RETURNS date
LANGUAGE sql IMMUTABLE SET search_path = '' AS $$
  SELECT (date_trunc('month', $1 + interval '70 years' - interval '1 day') + interval '1 month')::date
$$;

-- What merge_spans leaves of days on record: an open end is closed by what begins later.
CREATE FUNCTION shikaku.span_after(present daterange, coming daterange) RETURNS daterange
LANGUAGE sql IMMUTABLE SET search_path = '' AS $$
  SELECT CASE WHEN upper_inf($1) AND lower($1) < lower($2) THEN daterange(lower($1), lower($2)) ELSE $1 END
$$;

-- Into pg_temp.refused: rows after which B01 to B03 would stand beside a ratio that is not 30 %, and rows with another birth date by which
-- limits or ratios that stay are of the wrong age. What the row says of both at once was looked at when it came in.
CREATE FUNCTION shikaku.find_rows_that_do_not_fit() RETURNS void
LANGUAGE plpgsql SET search_path = '' SET plan_cache_mode = force_custom_plan AS $$
BEGIN
  INSERT INTO pg_temp.refused
    SELECT DISTINCT x.line, 'limit_category', 'ascii', 'not_together'
      FROM pg_temp.merging AS x JOIN shikaku.ratios AS r ON r.member_key = x.member_key
      WHERE NOT x.is_new AND x.limit_category IN ('B01', 'B02', 'B03') AND r.percent <> 30
        AND lower(r.valid) IS DISTINCT FROM lower(x.ratio_valid) AND shikaku.span_after(r.valid, x.ratio_valid) && x.limit_valid
    UNION ALL
    SELECT DISTINCT x.line, 'ratio_percent', 'digits', 'not_together'
      FROM pg_temp.merging AS x JOIN shikaku.limits AS l ON l.member_key = x.member_key
      WHERE NOT x.is_new AND x.ratio_percent <> 30 AND l.category IN ('B01', 'B02', 'B03')
        AND lower(l.valid) IS DISTINCT FROM lower(x.limit_valid) AND shikaku.span_after(l.valid, x.limit_valid) && x.ratio_valid
    UNION ALL
    SELECT x.line, 'birth_date', 'date', 'not_together'
      FROM pg_temp.merging AS x JOIN shikaku.members AS m ON m.member_key = x.member_key
      WHERE NOT x.is_new AND x.birth_date <> m.birth_date AND m.insurer_number NOT LIKE '39%'
        AND (EXISTS (SELECT FROM shikaku.limits AS l
            WHERE l.member_key = x.member_key AND lower(l.valid) IS DISTINCT FROM lower(x.limit_valid)
              AND CASE WHEN l.category LIKE 'A%'
                THEN lower(l.valid) >= shikaku.elderly_first_day(x.birth_date) OR upper(l.valid) > shikaku.elderly_first_day(x.birth_date)
                ELSE lower(l.valid) < shikaku.elderly_first_day(x.birth_date) END)
          OR EXISTS (SELECT FROM shikaku.ratios AS r
            WHERE r.member_key = x.member_key AND lower(r.valid) IS DISTINCT FROM lower(x.ratio_valid)
              AND lower(r.valid) < shikaku.elderly_first_day(x.birth_date)));
  DELETE FROM pg_temp.merging AS x USING pg_temp.refused AS r WHERE r.line = x.line;
END
$$;

-- As in import_merge, and by what is on record.
CREATE OR REPLACE FUNCTION shikaku.refuse_rows(import shikaku.imports) RETURNS bigint
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  rows_refused bigint;
BEGIN
  PERFORM shikaku.find_refused_rows(import);
  PERFORM shikaku.find_rows_that_do_not_fit();
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

-- As in import_merge; A ends at the latest where 70 is reached.
CREATE OR REPLACE FUNCTION shikaku.merge_spans(span_table text, columns text, staged text, valid text, same text, insurer_number text,
  at timestamptz)
RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  ends text := format('lower(%s)', valid);
BEGIN
  IF span_table = 'limits' THEN
    ends := format('least(%s, CASE WHEN t.category LIKE %L AND lower(t.valid) < shikaku.elderly_first_day(x.birth_date)
      THEN shikaku.elderly_first_day(x.birth_date) END)', ends, 'A%');
  END IF;
  EXECUTE format('UPDATE shikaku.%1$I AS t
      SET valid = daterange(lower(t.valid), %4$s), known_from = shikaku.known_later($1, t.known_from)
      FROM pg_temp.merging AS x
      WHERE NOT x.is_new AND t.member_key = x.member_key AND %3$s AND upper_inf(t.valid) AND lower(t.valid) < lower(%2$s)',
    span_table, valid, same, ends) USING at;
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

COMMIT;
