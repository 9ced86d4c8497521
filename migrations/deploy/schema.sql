-- Deploy shikaku:schema to pg
-- The schema, the value types that every table shares, and the version that the service asks for.

BEGIN;

DO $$
BEGIN
  IF pg_catalog.current_setting('server_encoding') <> 'UTF8' THEN
    RAISE EXCEPTION 'the database must be encoded in UTF8, not %', pg_catalog.current_setting('server_encoding');
  END IF;
  IF current_user <> 'shikaku_owner' THEN
    RAISE EXCEPTION 'run the migrations as shikaku_owner, not as %', current_user;
  END IF;
END
$$;

-- What is not granted is not allowed.
ALTER DEFAULT PRIVILEGES FOR ROLE shikaku_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

CREATE SCHEMA shikaku;

-- For exclusion constraints that compare a key beside a range.
CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA shikaku;

-- A day in Japan, in the range that the service can read and print.
CREATE DOMAIN shikaku.day AS date
  CONSTRAINT day_in_range CHECK (VALUE BETWEEN '1868-01-25' AND '9999-12-31');

-- A moment; never infinite, so that every one can be printed.
CREATE DOMAIN shikaku.moment AS timestamptz
  CONSTRAINT moment_is_finite CHECK (isfinite(VALUE));

-- The digest of something: SHA-256.
CREATE DOMAIN shikaku.sha256 AS bytea
  CONSTRAINT sha256_is_32_bytes CHECK (octet_length(VALUE) = 32);

-- 保険者番号: 8 digits with their check digit (R2.1). Luhn: from the right, every second digit doubled, its digits added. Only
-- insurers are declared so; everyone else refers to one, and is spared 6 µs a row.
CREATE DOMAIN shikaku.insurer_number AS text
  CONSTRAINT insurer_number_is_8_digits CHECK (VALUE ~ '^[0-9]{8}$')
  CONSTRAINT insurer_number_check_digit CHECK (
    CASE WHEN VALUE ~ '^[0-9]{8}$' THEN (
      substr('0246813579', substr(VALUE, 1, 1)::integer + 1, 1)::integer + substr(VALUE, 2, 1)::integer
      + substr('0246813579', substr(VALUE, 3, 1)::integer + 1, 1)::integer + substr(VALUE, 4, 1)::integer
      + substr('0246813579', substr(VALUE, 5, 1)::integer + 1, 1)::integer + substr(VALUE, 6, 1)::integer
      + substr('0246813579', substr(VALUE, 7, 1)::integer + 1, 1)::integer + substr(VALUE, 8, 1)::integer
    ) % 10 = 0 END);

-- 医療機関コード: 10 digits; a wrong check digit is no reason to refuse one (R2.3).
CREATE DOMAIN shikaku.institution_code AS text
  CONSTRAINT institution_code_is_10_digits CHECK (VALUE ~ '^[0-9]{10}$');

-- What people read: a name, a label. One line, something to see, no blanks around it.
CREATE DOMAIN shikaku.line AS text
  CONSTRAINT line_length CHECK (char_length(VALUE) BETWEEN 1 AND 200)
  CONSTRAINT line_is_one_trimmed_line CHECK (VALUE !~ '[[:cntrl:]]|^[ 　]|[ 　]$');

-- 記号 or 番号 as printed (R2.2).
CREATE DOMAIN shikaku.printed_identifier AS text
  CONSTRAINT printed_identifier_length CHECK (octet_length(VALUE) BETWEEN 1 AND 120)
  CONSTRAINT printed_identifier_is_one_line CHECK (VALUE !~ '[[:cntrl:]]');

-- The spelling by which 記号 and 番号 are compared (R2.2). The writer normalises; what is plainly not normalised would never be
-- found again and is refused: blanks, full-width forms, dashes other than "-".
CREATE DOMAIN shikaku.identifier_key AS text
  CONSTRAINT identifier_key_length CHECK (octet_length(VALUE) BETWEEN 1 AND 240)
  CONSTRAINT identifier_key_is_normalised CHECK (VALUE !~ '[[:cntrl:][:space:]　！-～‐−ー–]');

-- Which schema this is, and the oldest service that can work with it. Exactly one row.
CREATE TABLE shikaku.schema_version (
  version integer NOT NULL CHECK (version >= 1),
  oldest_service integer NOT NULL CHECK (oldest_service BETWEEN 1 AND version)
);
CREATE UNIQUE INDEX schema_version_has_one_row ON shikaku.schema_version ((true));
INSERT INTO shikaku.schema_version (version, oldest_service) VALUES (1, 1);

-- For statements that no role may run on a table, whatever it was granted.
CREATE FUNCTION shikaku.refuse() RETURNS trigger
LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  RAISE EXCEPTION '% on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER schema_version_keeps_its_row BEFORE DELETE OR TRUNCATE ON shikaku.schema_version
  FOR EACH STATEMENT EXECUTE FUNCTION shikaku.refuse();

COMMIT;
