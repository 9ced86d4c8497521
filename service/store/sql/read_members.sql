-- name: read_members
-- What is on record of these members, or what the same request was answered before; a row each.
SELECT q.ordinal::int4, r.outcome, r.replayed, r.version, r.answer, NULL::int4 AS place
  FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::int8[], $5::text[], $6::bytea[], $7::bytea[])
       WITH ORDINALITY AS q (insurer_number, member_id, asked_at, token_id, route, key_digest, request_digest, ordinal)
  CROSS JOIN LATERAL shikaku.read_member(q.asked_at, q.insurer_number, q.member_id, q.token_id, q.key_digest, q.request_digest) AS r
