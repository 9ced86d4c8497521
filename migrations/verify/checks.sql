-- Verify shikaku:checks on pg

BEGIN;

SELECT checked_at, known_at, token_id, reasons, membership_id, data_version, check_id, chain_id, chain_position, visit_date, presented,
  setting, validity, with_card, accepted, digest, answer_digest, keys_digest, follows, owner
  FROM shikaku.checks WHERE false;

DO $$
DECLARE
  partition regclass;
BEGIN
  IF (SELECT partdefid FROM pg_catalog.pg_partitioned_table WHERE partrelid = 'shikaku.checks'::regclass)
      IS DISTINCT FROM 'shikaku.checks_default'::regclass::oid THEN
    RAISE EXCEPTION 'shikaku.checks has no DEFAULT partition';
  END IF;
  FOR partition IN SELECT relid FROM pg_catalog.pg_partition_tree('shikaku.checks') LOOP
    IF (SELECT count(*) FROM pg_catalog.pg_trigger
        WHERE tgrelid = partition AND tgenabled = 'O' AND tgfoid = 'shikaku.refuse()'::regprocedure) <> 2 THEN
      RAISE EXCEPTION '% can be changed', partition;
    END IF;
    IF (SELECT count(*) FROM pg_catalog.pg_index WHERE indrelid = partition) <> 1 THEN
      RAISE EXCEPTION '% has not exactly one index', partition;
    END IF;
  END LOOP;
END
$$;

ROLLBACK;
