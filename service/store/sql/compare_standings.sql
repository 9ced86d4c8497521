-- name: compare_standings
-- How many rows of the read model differ from what the base tables say.
SELECT shikaku.compare_standings()::text
