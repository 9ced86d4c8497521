-- name: look_at_import
-- How far an import is.
SELECT j.state, coalesce(j.failure, '') AS failure, j.percent, i.rows_read, i.rows_merged, i.rows_created, i.rows_changed, i.rows_unchanged,
       i.rows_failed, i.errors, coalesce(i.members_missing, -1) AS members_missing, coalesce(i.members_ended, -1) AS members_ended
  FROM shikaku.imports AS i JOIN shikaku.jobs AS j ON j.job_id = i.import_id
  WHERE i.import_id = $1::uuid
