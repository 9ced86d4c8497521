-- Verify shikaku:links on pg

BEGIN;

SELECT member_key, state, mismatched, decided_at, known_from FROM shikaku.links WHERE false;

ROLLBACK;
