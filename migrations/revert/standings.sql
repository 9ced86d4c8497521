-- Revert shikaku:standings from pg

BEGIN;

DROP TRIGGER c_standings_are_not_left_behind ON shikaku.use_registrations;
DROP TRIGGER c_standings_are_not_left_behind ON shikaku.cards;
DROP FUNCTION shikaku.compare_standings();
DROP FUNCTION shikaku.rebuild_standings();
DROP FUNCTION shikaku.keep_standings() CASCADE; -- and the triggers that call it
DROP FUNCTION shikaku.refresh_standings_of_persons(bigint[], bigint[]);
DROP FUNCTION shikaku.refresh_standings(bigint[]);
DROP FUNCTION shikaku.standings_need_read_committed();
DROP FUNCTION shikaku.write_standings(bigint[]);
DROP VIEW shikaku.standings_source;
DROP TABLE shikaku.standings;
DROP SEQUENCE shikaku.standings_version;

COMMIT;
