-- name: list_first_import_errors
-- The first lines of an import that were refused.
SELECT e.line, coalesce(e.field, '-') AS field, e.value_class, e.reason
  FROM shikaku.import_errors AS e
  WHERE e.import_id = $1::uuid
  ORDER BY e.line
  LIMIT 20
