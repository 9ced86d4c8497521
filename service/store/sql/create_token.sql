-- name: create_token
-- A new token; the institution of a terminal is noted when it is new.
WITH institution AS (
  INSERT INTO shikaku.institutions (institution_code, name)
  SELECT $3::text, NULL WHERE $2::text = 'terminal'
  ON CONFLICT (institution_code) DO NOTHING
)
INSERT INTO shikaku.tokens (digest, scope, owner, label, rate_per_second, burst, created_at, expires_at)
VALUES ($1::bytea, $2::text, $3::text, $4::text, $5::int4, $6::int4, $7::timestamptz, $8::timestamptz)
RETURNING token_id::text
