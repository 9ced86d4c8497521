-- name: replace_limit_tables
-- Puts other tables of amounts in the place of those that hold in these months and have not begun; a row each.
SELECT q.ordinal::int4, r.outcome, false AS replayed, r.document::text, r.version, r.expected
  FROM unnest($1::date[], $2::date[], $3::timestamptz[], $4::int8[], $5::int8[], $6::date[], $7::date[], $8::text[], $9::text[],
              $10::text[])
       WITH ORDINALITY AS q (this_month, month, asked_at, token_id, seen, first_month, last_month, source, note, amounts, ordinal)
  CROSS JOIN LATERAL shikaku.replace_limit_table(q.asked_at, q.this_month, q.token_id, q.month, q.seen, q.first_month, q.last_month,
                                                 q.source, q.note, q.amounts::jsonb) AS r
