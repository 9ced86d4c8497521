-- Deploy shikaku:links to pg
-- 誤登録防止: what the resident register said of an insurer's record (R8). No row is as good as `pending`.

BEGIN;

CREATE TABLE shikaku.links (
  member_key bigint PRIMARY KEY REFERENCES shikaku.members,
  state text NOT NULL,
  mismatched text[],
  decided_at shikaku.moment,
  known_from shikaku.moment NOT NULL,
  CONSTRAINT state_values CHECK (state IN ('pending', 'linked', 'mismatch')),
  CONSTRAINT decided_unless_pending CHECK ((state = 'pending') = (decided_at IS NULL)),
  CONSTRAINT mismatched_only_with_mismatch CHECK ((state = 'mismatch') = (mismatched IS NOT NULL)),
  -- Names of attributes; only the first three of R8.1 make a mismatch, the others go with them.
  CONSTRAINT mismatched_values CHECK (
    mismatched <@ ARRAY['name', 'birth_date', 'address', 'name_kana', 'sex']
    AND mismatched && ARRAY['name', 'birth_date', 'address']
    AND array_ndims(mismatched) = 1 AND cardinality(mismatched) <= 5)
);

COMMIT;
