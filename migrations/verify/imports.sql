-- Verify shikaku:imports on pg

BEGIN;

SELECT import_id, insurer_number, slot, mode, keep_good_rows, end_missing, missing_max_percent, missing_lost_on, format, encoding,
    key_digest, bytes_read, rows_read, rows_valid, rows_merged, rows_created, rows_changed, rows_unchanged, rows_failed, errors, slices,
    slices_merged, members_missing, members_ended, merge_started_at
  FROM shikaku.imports WHERE false;
SELECT import_id, line, field, value_class, reason FROM shikaku.import_errors WHERE false;
SELECT import_id, member_key FROM shikaku.import_missing WHERE false;
SELECT slot, line, digest, member_id, individual_number, symbol_key, number_key, certificate_valid_until FROM shikaku.staged_members WHERE false;
SELECT 'shikaku.imports_slot'::regclass, 'shikaku.imports_key'::regclass, 'shikaku.import_errors_in_order'::regclass;

DO $$
BEGIN
  FOR slot IN 0 .. 7 LOOP
    IF NOT has_table_privilege('shikaku_service', format('shikaku.staged_members_%s', slot), 'INSERT') THEN
      RAISE EXCEPTION 'shikaku_service may not fill slot %', slot;
    END IF;
  END LOOP;
  IF has_table_privilege('shikaku_service', 'shikaku.imports', 'INSERT, UPDATE, DELETE, TRUNCATE')
      OR has_table_privilege('shikaku_service', 'shikaku.staged_members', 'SELECT, UPDATE, DELETE, TRUNCATE') THEN
    RAISE EXCEPTION 'shikaku_service may do what it should not';
  END IF;
END
$$;

ROLLBACK;
