-- Deploy shikaku:memberships to pg
-- 資格: periods of cover, [acquired_on, lost_on) (R3.1). A period of a dependant names the insured person's (R3.2, R3.3).

BEGIN;

CREATE TABLE shikaku.memberships (
  membership_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  member_key bigint NOT NULL,
  insurer_number text NOT NULL,
  relationship text NOT NULL,
  insured_membership_id bigint,
  symbol shikaku.printed_identifier,
  number shikaku.printed_identifier NOT NULL,
  branch_number text,
  symbol_key shikaku.identifier_key,
  number_key shikaku.identifier_key NOT NULL,
  acquired_on shikaku.day NOT NULL,
  lost_on shikaku.day, -- first day without cover
  loss_reason text,    -- 01 死亡, 02 生活保護, 03 other insurance, 99 その他
  known_from shikaku.moment NOT NULL,
  -- Only so that the foreign key below can say "an insured person's".
  insured_relationship text GENERATED ALWAYS AS (CASE WHEN insured_membership_id IS NOT NULL THEN 'insured' END) STORED,

  FOREIGN KEY (member_key, insurer_number) REFERENCES shikaku.members (member_key, insurer_number),
  UNIQUE (membership_id, insurer_number, relationship),
  CONSTRAINT insured_membership_of_the_same_insurer FOREIGN KEY (insured_membership_id, insurer_number, insured_relationship)
    REFERENCES shikaku.memberships (membership_id, insurer_number, relationship),
  CONSTRAINT relationship_values CHECK (relationship IN ('insured', 'dependent')),
  CONSTRAINT a_dependant_names_the_insured CHECK ((relationship = 'dependent') = (insured_membership_id IS NOT NULL)),
  CONSTRAINT nobody_depends_on_oneself CHECK (insured_membership_id <> membership_id),
  CONSTRAINT symbol_with_its_key CHECK ((symbol IS NULL) = (symbol_key IS NULL)),
  CONSTRAINT branch_number_form CHECK (branch_number ~ '^[0-9]{2}$'),
  CONSTRAINT loss_after_acquisition CHECK (lost_on > acquired_on),
  CONSTRAINT loss_reason_values CHECK (loss_reason IN ('01', '02', '03', '99')),
  CONSTRAINT loss_reason_only_with_loss CHECK (loss_reason IS NULL OR lost_on IS NOT NULL),
  -- 後期高齢者医療 has neither 記号 nor 枝番 nor dependants (R2.2).
  CONSTRAINT late_elderly_form
    CHECK (insurer_number NOT LIKE '39%' OR (symbol IS NULL AND branch_number IS NULL AND relationship = 'insured')),
  UNIQUE (member_key, acquired_on)
);
CREATE UNIQUE INDEX memberships_one_open_period ON shikaku.memberships (member_key) WHERE lost_on IS NULL;
CREATE INDEX memberships_keys ON shikaku.memberships (insurer_number, number_key);
CREATE INDEX memberships_insured ON shikaku.memberships (insured_membership_id) WHERE insured_membership_id IS NOT NULL;

-- Periods of one member never overlap (R3.5). The two unique indexes above see the common cases at once; the rest is compared
-- here, a statement at a time, because an exclusion constraint costs 17 µs a row and an import writes a million. The lock on the
-- member makes two sessions take turns; the comparison then runs on a snapshot taken after the wait, which only READ COMMITTED
-- gives.
CREATE FUNCTION shikaku.memberships_do_not_overlap() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'memberships are written at READ COMMITTED only' USING ERRCODE = 'invalid_transaction_state';
  END IF;
  PERFORM FROM shikaku.members
    WHERE member_key IN (SELECT new_rows.member_key FROM new_rows)
    ORDER BY member_key
    FOR NO KEY UPDATE;
  IF EXISTS (
    SELECT FROM new_rows AS this
      JOIN shikaku.memberships AS other ON other.member_key = this.member_key AND other.membership_id <> this.membership_id
      WHERE daterange(this.acquired_on, this.lost_on) && daterange(other.acquired_on, other.lost_on)
  ) THEN
    RAISE EXCEPTION 'periods of one member overlap'
      USING ERRCODE = 'exclusion_violation', SCHEMA = 'shikaku', TABLE = 'memberships', CONSTRAINT = 'memberships_do_not_overlap';
  END IF;
  RETURN NULL;
END
$$;

CREATE TRIGGER a_inserted_periods_do_not_overlap AFTER INSERT ON shikaku.memberships
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION shikaku.memberships_do_not_overlap();
CREATE TRIGGER a_updated_periods_do_not_overlap AFTER UPDATE ON shikaku.memberships
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION shikaku.memberships_do_not_overlap();

COMMIT;
