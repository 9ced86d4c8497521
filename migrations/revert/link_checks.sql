-- Revert shikaku:link_checks from pg
-- What was linked stays linked; who decided it is forgotten.

BEGIN;

DROP FUNCTION shikaku.decide_link(text, text, timestamptz, bigint, text, text, text, text, bytea, bytea);
DROP FUNCTION shikaku.list_link_mismatches(text, text, bigint);
DROP FUNCTION shikaku.link_document(bigint);
DROP FUNCTION shikaku.postpone_link_check(bigint, bytea, timestamptz);
DROP FUNCTION shikaku.record_link_checks(bigint[], bytea[], timestamptz[], timestamptz, text[], text[], text[], text[]);
DROP FUNCTION shikaku.claim_link_checks(timestamptz, timestamptz, integer);
DROP FUNCTION shikaku.join_persons(text, bigint[], text[], text[], timestamptz);
DROP FUNCTION shikaku.lock_for_joining(bigint[], text[]);
DROP FUNCTION shikaku.leave_to(bigint, bigint);
DROP FUNCTION shikaku.lock_families(bigint[]);
DROP TRIGGER a_pending_forgets ON shikaku.links;
DROP FUNCTION shikaku.pending_link_forgets();
DROP INDEX shikaku.links_mismatches;
ALTER TABLE shikaku.links
  DROP COLUMN warned, DROP COLUMN offered_code, DROP COLUMN decision, DROP COLUMN decided_by, DROP COLUMN note;
ALTER TABLE shikaku.links_history
  DROP COLUMN warned, DROP COLUMN offered_code, DROP COLUMN decision, DROP COLUMN decided_by, DROP COLUMN note;

COMMIT;
