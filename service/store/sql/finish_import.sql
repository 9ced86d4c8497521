-- name: finish_import
-- After the last slice: the planner learns what the tables are like now.
SELECT 1::int4 AS ordinal, shikaku.finish_import($1::uuid)
