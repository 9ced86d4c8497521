-- Revert shikaku:limit_table_writes from pg
-- The tables stay as they are.

BEGIN;

DROP FUNCTION shikaku.withdraw_limit_table(timestamptz, date, bigint, date, bigint);
DROP FUNCTION shikaku.replace_limit_table(timestamptz, date, bigint, date, bigint, date, date, text, text, jsonb);
DROP FUNCTION shikaku.take_back_limit_table(shikaku.limit_tables, timestamptz, bigint);
DROP FUNCTION shikaku.limit_table_to_change(date, date, bigint);
DROP FUNCTION shikaku.add_limit_table(timestamptz, date, bigint, date, date, text, text, jsonb, text, bytea, bytea);
DROP FUNCTION shikaku.write_limit_table(date, date, text, text, jsonb, timestamptz, bigint, boolean);
DROP FUNCTION shikaku.find_limit_table(date, date);
DROP FUNCTION shikaku.list_limit_tables(date);
DROP FUNCTION shikaku.limit_table_of(date);
DROP FUNCTION shikaku.limit_table_tag(shikaku.limit_tables);
DROP FUNCTION shikaku.limit_table_document(shikaku.limit_tables, date);
DROP TRIGGER limit_tables_leave_no_gap ON shikaku.limit_tables;
DROP FUNCTION shikaku.limit_tables_leave_no_gap();
DROP FUNCTION shikaku.lock_limit_tables();
ALTER TABLE shikaku.limit_tables
  DROP CONSTRAINT withdrawn_before_it_begins,
  DROP COLUMN ended_the_one_before;

COMMIT;
