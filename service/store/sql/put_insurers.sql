-- name: put_insurers
-- Makes the records of these insurers what is given; a row each.
SELECT q.ordinal::int4, r.outcome, r.document::text, r.version
  FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
              $10::text[], $11::text[], $12::int8[], $13::text[], $14::text[])
       WITH ORDINALITY AS q (insurer_number, asked_at, expected, name, issuer_name, prefecture, postal_code, address, contact, seal,
                             certificate_form, certificate_months, certificate_last_day, notice_policy, ordinal)
  CROSS JOIN LATERAL shikaku.put_insurer(q.insurer_number, q.asked_at, q.expected, q.name, q.issuer_name, q.prefecture, q.postal_code,
                                         q.address, q.contact, decode(q.seal, 'base64'), q.certificate_form,
                                         q.certificate_months::int2, q.certificate_last_day, q.notice_policy) AS r
