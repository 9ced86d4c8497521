-- name: find_tokens
-- Who holds the tokens with these digests? No row: nobody. Expiry and revocation are judged by the caller's clock.
SELECT q.ordinal::int4, t.token_id, t.scope, t.owner, t.rate_per_second, t.burst, t.expires_at, t.revoked_at
  FROM unnest($1::bytea[]) WITH ORDINALITY AS q (digest, ordinal)
  JOIN shikaku.tokens t ON t.digest = q.digest
