-- Revert shikaku:registrations_and_cards from pg

BEGIN;

DROP TABLE shikaku.cards;
DROP TABLE shikaku.use_registrations;

COMMIT;
