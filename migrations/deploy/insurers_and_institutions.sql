-- Deploy shikaku:insurers_and_institutions to pg
-- Who insures, and who asks.

BEGIN;

-- 保険者. `printed_number` is what its papers show: 国保 print six digits.
CREATE TABLE shikaku.insurers (
  insurer_number shikaku.insurer_number PRIMARY KEY,
  printed_number text NOT NULL,
  name shikaku.line NOT NULL,
  CONSTRAINT printed_number_is_the_same_number
    CHECK (printed_number ~ '^([0-9]{6}|[0-9]{8})$' AND lpad(printed_number, 8, '0') = insurer_number)
);

-- 医療機関.
CREATE TABLE shikaku.institutions (
  institution_code shikaku.institution_code PRIMARY KEY,
  name shikaku.line
);

COMMIT;
