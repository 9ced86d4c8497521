-- Revert shikaku:card_proofs from pg

BEGIN;

UPDATE shikaku.schema_version SET version = 1;

GRANT INSERT, UPDATE ON shikaku.cards TO shikaku_service;
DROP FUNCTION shikaku.register_card(text, text, text, text, bytea, bytea, bytea, timestamptz, timestamptz, bytea, text, timestamptz);
DROP FUNCTION shikaku.lock_family(bigint);
COMMENT ON COLUMN shikaku.cards.public_key IS NULL;
ALTER TABLE shikaku.checks DROP CONSTRAINT not_judged_only_by_card;
-- Evidence is never deleted: records of validity 0 stay, so their value stays allowed.
DROP TABLE shikaku.used_challenges;
DROP TABLE shikaku.challenge_keys;

COMMIT;
