-- Who shows what, as one JSON array (psql -XAt -f demo/index.sql). `visit_date` is the day to ask about where it is not today,
-- `visit_in_days` the same counted from today; `card` is the file of the person's card, which is shown where `presented_kind` is card.
-- Of the limits `shows` names the category that is told; reasons of `POST /v1/limit-queries` stand at the card that is asked about.
SELECT coalesce(json_agg(json_build_object(
    'card', card,
    'name', name,
    'shows', to_json(shows),
    'insurer_number', insurer_number,
    'symbol', symbol,
    'number', number,
    'branch_number', branch_number,
    'birth_date', to_char(birth_date, 'YYYY-MM-DD'),
    'presented_kind', presented_kind,
    'with_card', with_card,
    'setting', setting,
    'visit_date', to_char(visit_date, 'YYYY-MM-DD'),
    'visit_in_days', visit_in_days
  ) ORDER BY case_id), '[]')
  FROM demo.cases;
