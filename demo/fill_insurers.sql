-- The insurers of demo/fill, and how far it is. See fill.sql.

\set ON_ERROR_STOP on
SET client_min_messages = warning;

CREATE SCHEMA IF NOT EXISTS demo;
-- Slice k holds members k * 50000 + 1 to (k + 1) * 50000; `filled` is the last one that is there.
CREATE TABLE IF NOT EXISTS demo.fill_slices (
  slice bigint PRIMARY KEY,
  filled bigint NOT NULL
);

INSERT INTO shikaku.insurers (insurer_number, printed_number, name) VALUES
  ('01010016', '01010016', '負荷試験保険者 一'),
  ('01230010', '01230010', '負荷試験保険者 二'),
  ('01270016', '01270016', '負荷試験保険者 三'),
  ('01400019', '01400019', '負荷試験保険者 四'),
  ('06130017', '06130017', '負荷試験組合 一'),
  ('06270029', '06270029', '負荷試験組合 二'),
  ('06140032', '06140032', '負荷試験組合 三'),
  ('00138016', '138016', '負荷試験国保 一'),
  ('00270017', '270017', '負荷試験国保 二'),
  ('39270012', '39270012', '負荷試験広域連合')
  ON CONFLICT DO NOTHING;
