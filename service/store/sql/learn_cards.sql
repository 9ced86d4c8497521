-- name: learn_cards
-- Makes cards known as those of the persons with these codes, without registering their use (R5.6). A word each: see the function.
SELECT q.ordinal::int4,
       shikaku.register_card(q.person_code, NULL, NULL, q.medium, q.digest, decode(q.issuer, 'hex'), decode(q.serial, 'hex'),
                             q.not_before, q.not_after, decode(q.public_key, 'hex'), NULL, q.at) AS said
  FROM unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[], $8::text[],
              $9::timestamptz[])
       WITH ORDINALITY AS q (person_code, medium, digest, issuer, serial, not_before, not_after, public_key, at, ordinal)
