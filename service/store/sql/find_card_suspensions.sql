-- name: find_card_suspensions
-- What is on record of these suspensions? No row: there is no such one.
SELECT q.ordinal::int4, 'found' AS outcome, false AS replayed, s.suspension_id, s.medium, s.reason, s.suspended_at, s.lifted_at, s.cards
  FROM unnest($1::uuid[]) WITH ORDINALITY AS q (suspension_id, ordinal)
  JOIN shikaku.card_suspensions s ON s.suspension_id = q.suspension_id
