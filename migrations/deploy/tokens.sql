-- Deploy shikaku:tokens to pg
-- Who may ask. The token itself is never stored, only its SHA-256.

BEGIN;

CREATE TABLE shikaku.tokens (
  token_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  digest shikaku.sha256 NOT NULL UNIQUE,
  scope text NOT NULL,
  owner text, -- 医療機関コード of a terminal, 保険者番号 of an insurer
  label shikaku.line NOT NULL,
  rate_per_second integer NOT NULL,
  burst integer NOT NULL,
  created_at shikaku.moment NOT NULL,
  expires_at shikaku.moment NOT NULL,
  revoked_at shikaku.moment,
  -- Only so that each kind of owner can be a foreign key.
  institution_code text GENERATED ALWAYS AS (CASE WHEN scope = 'terminal' THEN owner END) STORED REFERENCES shikaku.institutions,
  insurer_number text GENERATED ALWAYS AS (CASE WHEN scope = 'insurer' THEN owner END) STORED REFERENCES shikaku.insurers,
  CONSTRAINT scope_values CHECK (scope IN ('terminal', 'insurer', 'portal', 'registrar', 'operator')),
  CONSTRAINT owner_where_the_scope_has_one CHECK ((scope IN ('terminal', 'insurer')) = (owner IS NOT NULL)),
  CONSTRAINT rate_per_second_range CHECK (rate_per_second BETWEEN 1 AND 1000000),
  CONSTRAINT burst_range CHECK (burst BETWEEN 1 AND 1000000),
  CONSTRAINT expires_after_created CHECK (expires_at > created_at),
  CONSTRAINT revoked_after_created CHECK (revoked_at >= created_at)
);

COMMIT;
