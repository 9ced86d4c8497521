-- Deploy shikaku:eligibility_certificates to pg
-- 資格確認書 on record (R10.2). At most one a membership is in circulation.

BEGIN;

CREATE TABLE shikaku.eligibility_certificates (
  certificate_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  membership_id bigint NOT NULL REFERENCES shikaku.memberships,
  kind text NOT NULL DEFAULT 'eligibility_certificate',
  number shikaku.line,
  issued_on shikaku.day NOT NULL,
  valid_from shikaku.day NOT NULL,
  valid_until shikaku.day NOT NULL, -- last day
  state text NOT NULL DEFAULT 'issued',
  return_requested boolean NOT NULL DEFAULT false,
  known_from shikaku.moment NOT NULL,
  CONSTRAINT kind_values CHECK (kind IN ('eligibility_certificate')),
  CONSTRAINT valid_until_not_before_valid_from CHECK (valid_until >= valid_from),
  CONSTRAINT state_values CHECK (state IN ('issued', 'returned', 'revoked', 'expired', 'replaced'))
);
CREATE UNIQUE INDEX eligibility_certificates_one_issued ON shikaku.eligibility_certificates (membership_id) WHERE state = 'issued';
CREATE INDEX eligibility_certificates_membership_id ON shikaku.eligibility_certificates (membership_id);

COMMIT;
