-- name: search_members
-- A page of those of an insurer's members who have all that is given; a row each, also where there are none.
SELECT q.ordinal::int4, r.outcome, r.items::text, r.last_id
  FROM unnest($1::text[], $2::text[], $3::int8[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::date[])
       WITH ORDINALITY AS q (insurer_number, after, count, symbol_key, number_key, branch_number, name, kana, birth_date, ordinal)
  CROSS JOIN LATERAL shikaku.search_members(q.insurer_number, q.after, q.count, q.symbol_key, q.number_key, q.branch_number, q.name,
                                            q.kana, q.birth_date) AS r
