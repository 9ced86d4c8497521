-- name: list_tokens
SELECT t.token_id::text, t.scope, coalesce(t.owner, '-'), t.rate_per_second::text, t.burst::text,
       to_char(t.created_at AT TIME ZONE 'Asia/Tokyo', 'YYYY-MM-DD HH24:MI'),
       to_char(t.expires_at AT TIME ZONE 'Asia/Tokyo', 'YYYY-MM-DD HH24:MI'),
       CASE WHEN t.revoked_at IS NOT NULL THEN 'revoked' WHEN t.expires_at <= $1::timestamptz THEN 'expired' ELSE 'active' END,
       t.label
  FROM shikaku.tokens t
 ORDER BY t.token_id
