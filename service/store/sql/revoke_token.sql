-- name: revoke_token
UPDATE shikaku.tokens SET revoked_at = $2::timestamptz
 WHERE token_id = $1::int8 AND revoked_at IS NULL
RETURNING token_id::text
