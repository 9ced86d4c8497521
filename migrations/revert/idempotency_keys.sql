-- Revert shikaku:idempotency_keys from pg

BEGIN;

DROP FUNCTION shikaku.forget_idempotency_keys(timestamptz);
DROP FUNCTION shikaku.keep_idempotent(bigint, bytea, text, bytea, text, jsonb, timestamptz);
DROP FUNCTION shikaku.find_idempotent(bigint, bytea, bytea, timestamptz);
DROP TABLE shikaku.idempotency_keys;

COMMIT;
