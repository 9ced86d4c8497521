-- Revert shikaku:card_suspensions from pg
-- A stopped card stays stopped.

BEGIN;

DROP FUNCTION shikaku.lift_card_suspension(uuid, timestamptz, bigint);
DROP FUNCTION shikaku.suspend_cards(uuid, timestamptz, bigint, text, text, date, text, text, text, text, text, bytea, bytea);
ALTER TABLE shikaku.cards DROP COLUMN suspension_id;
DROP TABLE shikaku.card_suspensions;

COMMIT;
