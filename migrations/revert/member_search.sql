-- Revert shikaku:member_search from pg

BEGIN;

DROP FUNCTION shikaku.search_members(text, text, bigint, text, text, text, text, text, date);
DROP FUNCTION shikaku.list_members(text, text, bigint, text, text, text, date);
DROP FUNCTION shikaku.member_documents(bigint[]);
DROP FUNCTION shikaku.members_named(text, text[], bigint);
DROP INDEX shikaku.members_names;
DROP INDEX shikaku.members_workplace;
CREATE INDEX members_workplace ON shikaku.members (insurer_number, workplace_id) WHERE workplace_id IS NOT NULL;

COMMIT;
