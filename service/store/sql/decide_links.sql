-- name: decide_links
-- What people at insurers say of members' links: a row each, see the function.
SELECT q.ordinal::int4, d.outcome, d.replayed, d.document::text, d.version
  FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::int8[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bytea[],
              $10::bytea[])
       WITH ORDINALITY AS q (insurer_number, member_id, at, token_id, wish, note, last4, route, key_digest, request_digest, ordinal)
  CROSS JOIN LATERAL shikaku.decide_link(q.insurer_number, q.member_id, q.at, q.token_id, q.wish, q.note, q.last4, q.route,
                                         q.key_digest, q.request_digest) AS d
