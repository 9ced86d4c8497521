-- Verify shikaku:registrations_and_cards on pg

BEGIN;

SELECT person_id, registered_at, channel, cancelled_at FROM shikaku.use_registrations WHERE false;
SELECT card_id, person_id, medium, certificate_digest, issuer_key_identifier, serial, not_before, not_after, public_key, state
  FROM shikaku.cards WHERE false;

ROLLBACK;
