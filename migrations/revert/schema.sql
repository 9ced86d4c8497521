-- Revert shikaku:schema from pg

BEGIN;

DROP TABLE shikaku.schema_version;
DROP FUNCTION shikaku.refuse();
DROP DOMAIN shikaku.identifier_key, shikaku.printed_identifier, shikaku.line, shikaku.institution_code, shikaku.insurer_number,
  shikaku.sha256, shikaku.moment, shikaku.day;
DROP EXTENSION btree_gist;
DROP SCHEMA shikaku;
ALTER DEFAULT PRIVILEGES FOR ROLE shikaku_owner GRANT EXECUTE ON FUNCTIONS TO PUBLIC;

COMMIT;
