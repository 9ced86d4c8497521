-- name: list_members
-- A page of an insurer's members, of this state, link state and workplace; a row each, also where there are none.
SELECT q.ordinal::int4, r.outcome, r.items::text, r.last_id
  FROM unnest($1::text[], $2::text[], $3::int8[], $4::text[], $5::text[], $6::text[], $7::date[])
       WITH ORDINALITY AS q (insurer_number, after, count, state, link_state, workplace_id, today, ordinal)
  CROSS JOIN LATERAL shikaku.list_members(q.insurer_number, q.after, q.count, q.state, q.link_state, q.workplace_id, q.today) AS r
