-- Members :from to :until for load tests, in one transaction. demo/fill calls it slice by slice, two at a time; see there.
--
-- Everything follows from i, so that a load generator can compute the keys of member i by itself (all divisions are of integers):
--
--   insurer_number  one of ten by i % 10:
--                   01010016 01230010 01270016 01400019 06130017 06270029 06140032 00138016 00270017 39270012
--   symbol          i / 1000, 8 digits                  none for i % 10 = 9 (後期)
--   number          i, 7 digits                         8 digits for i % 10 = 9
--   branch_number   00                                  none for i % 10 = 9
--   birth_date      1955-01-01 + i * 7919 % 25000 days  1935-01-01 + i * 7919 % 5000 days for i % 10 = 9
--   member_id       fill-i
--
-- All are valid today. With j = i / 10:
--
--   j % 4 = 3   dependant of member i - 10 (never 後期)
--   j % 10 = 7  no use registration and no card, but a certificate; all others are registered, with a card
--   j % 50 = 3  a second, earlier membership of the same person at another insurer, ended when this one began (adults)
--   j % 50 = 9  link not confirmed yet
--
-- Who is 70 or older, and everyone in 後期, has a registered ratio.

\set ON_ERROR_STOP on
SET client_min_messages = warning;

BEGIN;
SET LOCAL shikaku.standings = 'deferred';
SET LOCAL synchronous_commit = off;

CREATE TEMPORARY TABLE slice ON COMMIT DROP AS
  SELECT keys.*,
      nextval('shikaku.persons_person_id_seq') AS person_id,
      nextval('shikaku.members_member_key_seq') AS member_key,
      nextval('shikaku.memberships_membership_id_seq') AS membership_id,
      CASE WHEN late THEN (birth_date + interval '75 years')::date ELSE greatest(birth_date, '2015-04-01') END AS acquired_on,
      (ARRAY['試験', '負荷', '計測', '標本', '模擬', '仮名', '架空', '想定'])[1 + j % 8] || ' '
        || (ARRAY['一郎', '花', '健', '清子', '誠', '光', '実', '春江', '進', '鈴', '陽'])[1 + j % 11] AS name,
      (ARRAY['シケン', 'フカ', 'ケイソク', 'ヒョウホン', 'モギ', 'カメイ', 'カクウ', 'ソウテイ'])[1 + j % 8] || ' '
        || (ARRAY['イチロウ', 'ハナ', 'ケン', 'キヨコ', 'マコト', 'ヒカル', 'ミノル', 'ハルエ', 'ススム', 'スズ', 'ヨウ'])[1 + j % 11] AS name_kana,
      timestamptz '2025-01-01T00:00:00Z' AS known_from
    FROM (
      SELECT i, i / 10 AS j, i % 10 = 9 AS late,
          (ARRAY['01010016', '01230010', '01270016', '01400019', '06130017', '06270029', '06140032', '00138016', '00270017', '39270012'])[1 + i % 10]
            AS insurer_number,
          CASE WHEN i % 10 <> 9 THEN lpad((i / 1000)::text, 8, '0') END AS symbol,
          lpad(i::text, CASE WHEN i % 10 = 9 THEN 8 ELSE 7 END, '0') AS number,
          CASE WHEN i % 10 <> 9 THEN '00' END AS branch_number,
          CASE WHEN i % 10 = 9 THEN date '1935-01-01' + (i * 7919 % 5000)::integer ELSE date '1955-01-01' + (i * 7919 % 25000)::integer END
            AS birth_date
        FROM generate_series(:from ::bigint, :until ::bigint) AS i
    ) AS keys;

-- The second, earlier membership of some.
CREATE TEMPORARY TABLE earlier ON COMMIT DROP AS
  SELECT slice.*,
      (ARRAY['01010016', '01230010', '01270016', '01400019', '06130017', '06270029', '06140032', '00138016', '00270017'])[1 + (i + 1) % 9]
        AS earlier_insurer_number,
      nextval('shikaku.members_member_key_seq') AS earlier_member_key,
      greatest(birth_date, '2005-04-01') AS earlier_acquired_on
    FROM slice
    WHERE j % 50 = 3 AND greatest(birth_date, '2005-04-01') < acquired_on;
DELETE FROM earlier WHERE earlier_insurer_number = insurer_number;
ANALYZE slice, earlier;

INSERT INTO shikaku.persons (person_id, register_code) OVERRIDING SYSTEM VALUE
  SELECT person_id, 'fill-' || i FROM slice;

INSERT INTO shikaku.members (member_key, insurer_number, member_id, person_id, name, name_kana, sex, birth_date, postal_code, address, known_from)
  OVERRIDING SYSTEM VALUE
  SELECT member_key, insurer_number, 'fill-' || i, person_id, name, name_kana, CASE j % 2 WHEN 0 THEN 'male' ELSE 'female' END, birth_date,
      '100-' || lpad((i % 10000)::text, 4, '0'), '資格県試験市負荷町' || i % 9000 + 1 || '番地', known_from
    FROM slice;
INSERT INTO shikaku.members (member_key, insurer_number, member_id, person_id, name, name_kana, sex, birth_date, known_from)
  OVERRIDING SYSTEM VALUE
  SELECT earlier_member_key, earlier_insurer_number, 'fill-' || i || '-earlier', person_id, name, name_kana,
      CASE j % 2 WHEN 0 THEN 'male' ELSE 'female' END, birth_date, known_from
    FROM earlier;

INSERT INTO shikaku.memberships (membership_id, member_key, insurer_number, relationship, symbol, number, branch_number, symbol_key, number_key,
    acquired_on, known_from)
  OVERRIDING SYSTEM VALUE
  SELECT membership_id, member_key, insurer_number, 'insured', symbol, number, branch_number, symbol, number, acquired_on, known_from
    FROM slice
    WHERE late OR j % 4 <> 3;
INSERT INTO shikaku.memberships (membership_id, member_key, insurer_number, relationship, insured_membership_id, symbol, number, branch_number,
    symbol_key, number_key, acquired_on, known_from)
  OVERRIDING SYSTEM VALUE
  SELECT s.membership_id, s.member_key, s.insurer_number, 'dependent', insured_ms.membership_id, s.symbol, s.number, s.branch_number, s.symbol,
      s.number, s.acquired_on, s.known_from
    FROM slice AS s
    JOIN shikaku.members AS insured_m ON insured_m.insurer_number = s.insurer_number AND insured_m.member_id = 'fill-' || s.i - 10
    JOIN shikaku.memberships AS insured_ms ON insured_ms.member_key = insured_m.member_key
    WHERE NOT s.late AND s.j % 4 = 3;
INSERT INTO shikaku.memberships (member_key, insurer_number, relationship, symbol, number, branch_number, symbol_key, number_key, acquired_on,
    lost_on, loss_reason, known_from)
  SELECT earlier_member_key, earlier_insurer_number, 'insured', '99999999', lpad(i::text, 7, '0'), '00', '99999999', lpad(i::text, 7, '0'),
      earlier_acquired_on, acquired_on, '03', known_from
    FROM earlier;

INSERT INTO shikaku.ratios (member_key, insurer_number, percent, valid, known_from)
  SELECT member_key, insurer_number, CASE WHEN late THEN 10 * (1 + j % 3) WHEN j % 5 = 0 THEN 30 ELSE 20 END, daterange('2024-08-01', NULL),
      known_from
    FROM slice
    WHERE late OR birth_date < '1957-01-01';

INSERT INTO shikaku.links (member_key, state, decided_at, known_from)
  SELECT member_key, 'linked', known_from, known_from FROM slice WHERE j % 50 <> 9;

INSERT INTO shikaku.use_registrations (person_id, registered_at, channel)
  SELECT person_id, known_from, (ARRAY['reader', 'portal', 'atm', 'municipality'])[1 + j % 4] FROM slice WHERE j % 10 <> 7;

-- Rows only: no certificate stands behind these. Digests and serials rise with i, which spares the load two random indexes.
INSERT INTO shikaku.cards (person_id, medium, certificate_digest, issuer_key_identifier, serial, not_before, not_after, public_key)
  SELECT person_id, 'card', int8send(i) || substr(sha256(int8send(i)), 9), decode('66696c6c2d6973737565722d6b65792d69642d31', 'hex'), int8send(i),
      known_from, known_from + interval '5 years', sha256(int8send(-i))
    FROM slice
    WHERE j % 10 <> 7;

INSERT INTO shikaku.eligibility_certificates (membership_id, number, issued_on, valid_from, valid_until, known_from)
  SELECT membership_id, 'F-' || i, '2025-07-01', '2025-08-01', '2030-07-31', known_from FROM slice WHERE j % 10 = 7;

-- No locks: nobody else sees these persons yet.
SELECT shikaku.write_standings(ARRAY(
  SELECT membership_id FROM slice
  UNION ALL
  SELECT ms.membership_id FROM earlier JOIN shikaku.memberships AS ms ON ms.member_key = earlier.earlier_member_key)) \g /dev/null

INSERT INTO demo.fill_slices (slice, filled) VALUES (:slice, :until)
  ON CONFLICT (slice) DO UPDATE SET filled = excluded.filled;

COMMIT;
