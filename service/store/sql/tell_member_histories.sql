-- name: tell_member_histories
-- All that was ever known of these members; NULL: there is no such one.
SELECT q.ordinal::int4, shikaku.member_history(q.insurer_number, q.member_id)::text AS history
  FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS q (insurer_number, member_id, ordinal)
