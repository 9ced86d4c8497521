-- Verify shikaku:tokens on pg

BEGIN;

SELECT token_id, digest, scope, owner, label, rate_per_second, burst, created_at, expires_at, revoked_at
  FROM shikaku.tokens WHERE false;
-- Both kinds of owner are foreign keys.
SELECT 1 / (count(*) / 2) FROM pg_catalog.pg_constraint WHERE conrelid = 'shikaku.tokens'::regclass AND contype = 'f';

ROLLBACK;
