-- Deploy shikaku:imports to pg
-- Files of members on their way in: what is asked of a file, its rows while they wait (staged), and what is wrong with them. The
-- merge is another change's.

BEGIN;

CREATE TABLE shikaku.imports (
  import_id uuid PRIMARY KEY REFERENCES shikaku.jobs (job_id),
  insurer_number text NOT NULL REFERENCES shikaku.insurers,
  slot smallint,                       -- of staged_members, while it has one
  mode text NOT NULL,                  -- full: the file names everybody
  keep_good_rows boolean NOT NULL,     -- partial=true: bad rows are left out; else one bad row and nothing is merged
  end_missing boolean NOT NULL,        -- full only: who is missing loses cover
  missing_max_percent numeric(5, 2),   -- ... if they are at most so many of those in force
  missing_lost_on shikaku.day,         -- ... from this day
  format text NOT NULL,
  encoding text NOT NULL,
  key_digest shikaku.sha256,           -- of the Idempotency-Key
  bytes_read bigint NOT NULL DEFAULT 0,
  rows_read bigint NOT NULL DEFAULT 0,       -- all lines but the header and empty ones
  rows_valid bigint NOT NULL DEFAULT 0,
  rows_merged bigint NOT NULL DEFAULT 0,     -- valid ones whose slice is merged, unchanged ones too
  rows_created bigint NOT NULL DEFAULT 0,
  rows_changed bigint NOT NULL DEFAULT 0,
  rows_unchanged bigint NOT NULL DEFAULT 0,
  rows_failed bigint NOT NULL DEFAULT 0,     -- rows with at least one error
  errors bigint NOT NULL DEFAULT 0,          -- all that were found, listed or not
  slices integer NOT NULL DEFAULT 0,         -- known once the file is in
  slices_merged integer NOT NULL DEFAULT 0,
  members_missing bigint,                    -- full only
  members_ended bigint,
  merge_started_at shikaku.moment,
  CONSTRAINT slot_range CHECK (slot BETWEEN 0 AND 7),
  CONSTRAINT mode_values CHECK (mode IN ('changes', 'full')),
  CONSTRAINT end_missing_only_when_full CHECK (NOT end_missing OR (mode = 'full' AND missing_max_percent IS NOT NULL AND missing_lost_on IS NOT NULL)),
  CONSTRAINT missing_max_percent_range CHECK (missing_max_percent BETWEEN 0 AND 100),
  CONSTRAINT format_values CHECK (format IN ('csv', 'ndjson')),
  CONSTRAINT encoding_values CHECK (encoding IN ('utf-8', 'cp932')),
  CONSTRAINT slices_range CHECK (slices_merged BETWEEN 0 AND slices)
);
CREATE UNIQUE INDEX imports_slot ON shikaku.imports (slot) WHERE slot IS NOT NULL;
CREATE UNIQUE INDEX imports_key ON shikaku.imports (insurer_number, key_digest) WHERE key_digest IS NOT NULL;

-- Listed up to 10,000 an import. What was sent is told by its class only, never itself.
CREATE TABLE shikaku.import_errors (
  import_id uuid NOT NULL REFERENCES shikaku.imports,
  line bigint NOT NULL,        -- 1 is the file's first line
  field text,                  -- NULL: the line as a whole
  value_class text NOT NULL,   -- empty, digits, date, kana, text, too_long, ...
  reason text NOT NULL,
  CONSTRAINT line_range CHECK (line >= 1),
  CONSTRAINT field_form CHECK (field ~ '^[a-z0-9_]{1,64}$'),
  CONSTRAINT value_class_form CHECK (value_class ~ '^[a-z_]{1,32}$'),
  CONSTRAINT reason_form CHECK (reason ~ '^[a-z_]{1,64}$')
);
CREATE INDEX import_errors_in_order ON shikaku.import_errors (import_id, line);

-- Who a full file does not name.
CREATE TABLE shikaku.import_missing (
  import_id uuid NOT NULL REFERENCES shikaku.imports,
  member_key bigint NOT NULL REFERENCES shikaku.members,
  PRIMARY KEY (import_id, member_key)
);

-- Rows whose fields are right, in the spelling in which they are compared and stored; NULL where a field was absent. All text:
-- PostgreSQL's log shows no row that it could not convert. A slot is emptied by TRUNCATE, not row by row.
CREATE TABLE shikaku.staged_members (
  slot smallint NOT NULL,
  line bigint NOT NULL,
  digest bytea NOT NULL, -- SHA-256 of all fields below
  member_id text NOT NULL,
  name text, name_kana text, name_other text, name_other_kana text, sex text, sex_on_face text, birth_date text, postal_code text,
  address text, household_head text, workplace_id text, non_disclosure text, self_information_stopped text,
  individual_number text, -- sealed, in hexadecimal (R2.4)
  relationship text, insured_member_id text, symbol text, symbol_key text, number text, number_key text, branch_number text,
  acquired_on text, lost_on text, loss_reason text,
  ratio_percent text, ratio_valid_from text, ratio_valid_until text,
  limit_category text, limit_certificate text, limit_valid_from text, limit_valid_until text, limit_long_stay_from text,
  disease_category text, disease_self_pay text, disease_valid_from text, disease_valid_until text,
  certificate_number text, certificate_issued_on text, certificate_valid_from text, certificate_valid_until text
) PARTITION BY LIST (slot);

DO $$
BEGIN
  FOR slot IN 0 .. 7 LOOP
    EXECUTE format('CREATE TABLE shikaku.staged_members_%s PARTITION OF shikaku.staged_members FOR VALUES IN (%s)
      WITH (autovacuum_enabled = off)', slot, slot);
    EXECUTE format('GRANT INSERT ON shikaku.staged_members_%s TO shikaku_service', slot);
  END LOOP;
END
$$;

GRANT SELECT ON shikaku.imports, shikaku.import_errors, shikaku.import_missing TO shikaku_service;

COMMIT;
