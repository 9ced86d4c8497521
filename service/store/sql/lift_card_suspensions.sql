-- name: lift_card_suspensions
-- Gives back what these suspensions stopped. No row: there is no such suspension.
SELECT q.ordinal::int4, s.outcome, false AS replayed, (s.lifted).suspension_id, (s.lifted).medium, (s.lifted).reason,
       (s.lifted).suspended_at, (s.lifted).lifted_at, (s.lifted).cards
  FROM unnest($1::uuid[], $2::timestamptz[], $3::int8[]) WITH ORDINALITY AS q (suspension_id, lifted_at, token_id, ordinal)
  CROSS JOIN LATERAL shikaku.lift_card_suspension(q.suspension_id, q.lifted_at, q.token_id) AS s
