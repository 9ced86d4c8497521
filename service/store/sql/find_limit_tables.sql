-- name: find_limit_tables
-- The tables of amounts that hold in these months. No row: none holds in that one.
SELECT q.ordinal::int4, r.outcome, false AS replayed, r.document::text, r.version, NULL::date AS expected
  FROM unnest($1::date[], $2::date[]) WITH ORDINALITY AS q (this_month, month, ordinal)
  CROSS JOIN LATERAL shikaku.find_limit_table(q.this_month, q.month) AS r
