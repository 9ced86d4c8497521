-- Revert shikaku:member_writes from pg

BEGIN;

DROP FUNCTION shikaku.member_history(text, text);
DROP FUNCTION shikaku.read_member(timestamptz, text, text, bigint, bytea, bytea);
DROP FUNCTION shikaku.put_member(timestamptz, text, text, jsonb, bytea, text, boolean, boolean, timestamptz, bigint, text, bytea, bytea);
DROP FUNCTION shikaku.write_member(timestamptz, text, text, jsonb, bytea, text, boolean, boolean, timestamptz);
DROP FUNCTION shikaku.moment_of_change(bigint, timestamptz);
DROP FUNCTION shikaku.lock_member(text, text);
DROP FUNCTION shikaku.write_pending_number(shikaku.members, shikaku.members, bytea, text, timestamptz);
DROP FUNCTION shikaku.write_certificates(shikaku.members, jsonb, timestamptz);
DROP FUNCTION shikaku.write_specific_diseases(shikaku.members, jsonb, timestamptz);
DROP FUNCTION shikaku.write_limits(shikaku.members, jsonb, timestamptz);
DROP FUNCTION shikaku.write_ratios(shikaku.members, jsonb, timestamptz);
DROP FUNCTION shikaku.write_memberships(shikaku.members, jsonb, timestamptz);
DROP FUNCTION shikaku.memberships_differ(bigint, jsonb);
DROP FUNCTION shikaku.pair_memberships(shikaku.members, jsonb);
DROP FUNCTION shikaku.insured_membership(text, text, date);
DROP FUNCTION shikaku.refuse_member(text, bigint);
DROP FUNCTION shikaku.member_document(bigint);
DROP FUNCTION shikaku.exact_instant_text(timestamptz);
DROP FUNCTION shikaku.instant_text(timestamptz);
REVOKE SELECT (insurer_number, kind, state) ON shikaku.jobs FROM shikaku_insurer;

COMMIT;
