-- name: put_workplaces
-- Makes these workplaces what is given; a row each.
SELECT q.ordinal::int4, r.outcome, r.document::text, r.version
  FROM unnest($1::text[], $2::text[], $3::bool[], $4::timestamptz[], $5::timestamptz[], $6::text[], $7::text[], $8::text[], $9::text[],
              $10::text[])
       WITH ORDINALITY AS q (insurer_number, workplace_id, must_exist, expected, asked_at, name, symbol, postal_code, address, contact,
                             ordinal)
  CROSS JOIN LATERAL shikaku.put_workplace(q.insurer_number, q.workplace_id, q.asked_at, q.must_exist, q.expected, q.name, q.symbol,
                                           q.postal_code, q.address, q.contact) AS r
