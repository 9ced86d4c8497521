-- Revert shikaku:limits_in_imports from pg

BEGIN;

CREATE OR REPLACE FUNCTION shikaku.refuse_rows(import shikaku.imports) RETURNS bigint
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

CREATE OR REPLACE FUNCTION shikaku.merge_spans(span_table text, columns text, staged text, valid text, same text, insurer_number text,
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

DROP FUNCTION shikaku.find_rows_that_do_not_fit();
DROP FUNCTION shikaku.span_after(daterange, daterange);
DROP FUNCTION shikaku.elderly_first_day(date);

COMMIT;
