-- name: withdraw_limit_tables
-- Takes back the tables of amounts that hold in these months, each if it is the last one and has not begun; a row each.
SELECT q.ordinal::int4, r.outcome, false AS replayed, NULL::text AS document, NULL::int8 AS version, NULL::date AS expected
  FROM unnest($1::date[], $2::date[], $3::timestamptz[], $4::int8[], $5::int8[])
       WITH ORDINALITY AS q (this_month, month, asked_at, token_id, seen, ordinal)
  CROSS JOIN LATERAL shikaku.withdraw_limit_table(q.asked_at, q.this_month, q.token_id, q.month, q.seen) AS r
