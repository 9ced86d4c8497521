-- As service/store/sql/find_tokens.sql, for one token.
SELECT t.token_id, t.scope, t.owner, t.expires_at, t.revoked_at FROM shikaku.tokens t WHERE t.digest = $1::bytea
