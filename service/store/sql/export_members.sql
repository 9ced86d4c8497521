-- name: export_members
-- The next members of an insurer behind one of them, each as its record shows it.
SELECT e.member_id, e.document FROM shikaku.export_members($1::text, $2::text, $3::integer) AS e
