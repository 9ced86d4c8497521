-- name: forget_idempotency_keys
-- Nobody asks again with a key that has expired.
SELECT shikaku.forget_idempotency_keys($1::timestamptz)::text
