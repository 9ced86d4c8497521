-- Revert shikaku:ceiling_month_writes from pg

BEGIN;

DROP FUNCTION shikaku.report_ceiling_month(uuid, timestamptz, bigint, text, bigint, date, text, boolean);
REVOKE INSERT, UPDATE (counts_from) ON shikaku.ceiling_months FROM shikaku_insurer;

COMMIT;
