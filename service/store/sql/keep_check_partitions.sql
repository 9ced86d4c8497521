-- name: keep_check_partitions
-- Makes the partitions of this month and the next three.
SELECT shikaku.keep_check_partitions($1::date)
