-- Verify shikaku:ratios on pg

BEGIN;

SELECT ratio_id, member_key, insurer_number, percent, valid, known_from FROM shikaku.ratios WHERE false;

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint
      WHERE conrelid = 'shikaku.ratios'::regclass AND conname = 'ratios_do_not_overlap' AND contype = 'x') THEN
    RAISE EXCEPTION 'ratios may overlap';
  END IF;
END
$$;

ROLLBACK;
