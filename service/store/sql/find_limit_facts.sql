-- name: find_limit_facts
-- What a month's ceiling is made of (R7.2, R7.11): the table that is in force in the month ($1), what it says of the category ($2), and in
-- how many of the eleven months before a ceiling was reached under the 記号・番号 of the membership ($3), as far as it was known at $4.
-- A row a question; without a table, or without the category in it, those columns are NULL. Without a membership nothing is counted.
SELECT q.ordinal::int4, t.first_month, t.last_month, t.version, t.source, t.note,
       a.base, a.threshold, a.rate_percent, a.multiple, a.outpatient, a.annual, a.annual_low_income, a.outpatient_annual,
       reached.months
  FROM unnest($1::date[], $2::text[], $3::int8[], $4::timestamptz[])
       WITH ORDINALITY AS q (care_month, category, membership_id, known_at, ordinal)
  LEFT JOIN shikaku.limit_tables t
    ON t.withdrawn_at IS NULL AND t.first_month <= q.care_month AND (t.last_month IS NULL OR q.care_month <= t.last_month)
  LEFT JOIN shikaku.limit_amounts a ON a.table_id = t.table_id AND a.category = q.category
  LEFT JOIN shikaku.standings s ON s.membership_id = q.membership_id
  LEFT JOIN LATERAL (
    SELECT count(DISTINCT c.month) AS months
      FROM shikaku.ceiling_months c
     WHERE c.insurer_number = s.insurer_number AND c.number_key = s.number_key AND c.symbol_key IS NOT DISTINCT FROM s.symbol_key
       AND c.month < q.care_month AND c.month >= q.care_month - interval '11 months' AND c.counts_from <= q.known_at
  ) reached ON s.membership_id IS NOT NULL
