-- name: list_limit_tables
-- All tables of amounts that hold in some month; a row each, also where there are none.
SELECT q.ordinal::int4, 'found' AS outcome, false AS replayed, shikaku.list_limit_tables(q.this_month)::text AS document,
       NULL::int8 AS version, NULL::date AS expected
  FROM unnest($1::date[]) WITH ORDINALITY AS q (this_month, ordinal)
