-- name: add_limit_tables
-- Adds these tables of amounts behind the last one; a row each, also where nothing was added.
SELECT q.ordinal::int4, r.outcome, r.replayed, r.document::text, r.version, r.expected
  FROM unnest($1::date[], $2::timestamptz[], $3::int8[], $4::date[], $5::date[], $6::text[], $7::text[], $8::text[], $9::text[],
              $10::bytea[], $11::bytea[])
       WITH ORDINALITY AS q (this_month, asked_at, token_id, first_month, last_month, source, note, amounts, route, key_digest,
                             request_digest, ordinal)
  CROSS JOIN LATERAL shikaku.add_limit_table(q.asked_at, q.this_month, q.token_id, q.first_month, q.last_month, q.source, q.note,
                                             q.amounts::jsonb, q.route, q.key_digest, q.request_digest) AS r
