-- name: suspend_cards
-- Stops the cards of those whom these typed keys name; a row each, also where nothing was stopped.
SELECT q.ordinal::int4, s.outcome, s.replayed, (s.made).suspension_id, (s.made).medium, (s.made).reason, (s.made).suspended_at,
       (s.made).lifted_at, (s.made).cards
  FROM unnest($1::uuid[], $2::timestamptz[], $3::int8[], $4::text[], $5::text[], $6::date[], $7::text[], $8::text[], $9::text[],
              $10::text[], $11::text[], $12::bytea[], $13::bytea[])
       WITH ORDINALITY AS q (suspension_id, suspended_at, token_id, insurer_number, number_key, birth_date, symbol_key,
                             branch_number, medium, reason, route, key_digest, request_digest, ordinal)
  CROSS JOIN LATERAL shikaku.suspend_cards(q.suspension_id, q.suspended_at, q.token_id, q.insurer_number, q.number_key, q.birth_date,
                                           q.symbol_key, q.branch_number, q.medium, q.reason, q.route, q.key_digest,
                                           q.request_digest) AS s
