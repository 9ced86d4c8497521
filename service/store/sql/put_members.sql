-- name: put_members
-- Makes these members' records what is given; a row each, also where nothing was written.
SELECT q.ordinal::int4, p.outcome, p.replayed, p.version, p.answer, p.place
  FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::int8[], $5::text[], $6::bytea[], $7::bytea[], $8::text[], $9::text[], $10::text[],
              $11::bool[], $12::bool[], $13::timestamptz[])
       WITH ORDINALITY AS q (insurer_number, member_id, asked_at, token_id, route, key_digest, request_digest, document, sealed_number,
                             last4, must_be_new, must_exist, expected, ordinal)
  CROSS JOIN LATERAL shikaku.put_member(q.asked_at, q.insurer_number, q.member_id, q.document::jsonb, decode(q.sealed_number, 'hex'), q.last4,
                                        q.must_be_new, q.must_exist, q.expected, q.token_id, q.route, q.key_digest,
                                        q.request_digest) AS p
