-- Revert shikaku:insurer_records from pg

BEGIN;

DO $$
DECLARE
  served text;
BEGIN
  -- They belong to another role, of which the owner is a member.
  FOREACH served IN ARRAY ARRAY[
    'find_insurer(text)',
    'put_insurer(text, timestamptz, timestamptz, text, text, text, text, text, text, bytea, text, smallint, text, text)',
    'find_workplace(text, text)',
    'put_workplace(text, text, timestamptz, boolean, timestamptz, text, text, text, text, text)',
    'remove_workplace(text, text, boolean, timestamptz)',
    'list_workplaces(text, text, bigint)']
  LOOP
    EXECUTE format('DROP FUNCTION shikaku.%s', served);
  END LOOP;
END
$$;
DROP FUNCTION shikaku.workplace_document(shikaku.workplaces);
DROP FUNCTION shikaku.insurer_document(shikaku.insurers);

COMMIT;
