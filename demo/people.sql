-- Invented people, one for every reason code and basis that typed keys or a card can show, and for every problem that a card
-- can meet. Run as shikaku_owner:
--
--   psql -X -q -d "$MIGRATE_URL" -v ON_ERROR_STOP=1 -v today=2026-11-22 -v now=2026-11-22T09:00:00Z -f demo/people.sql
--
-- Who is already there is left alone: a second run changes nothing. Dates are counted from :today, so that each case keeps
-- showing what its name says for a year or more. Kana are full-width. demo/index.sql prints who shows what. The cards themselves
-- (demo/cards.list) are made by demo/pki and become known to the service by demo/cards.

\set ON_ERROR_STOP on
SET client_min_messages = warning;

BEGIN;

-- One run at a time.
SELECT pg_advisory_xact_lock(hashtextextended('shikaku demo people', 0)) \g /dev/null

-- Who shows what, apart from the service's schema. A case without a person stands here alone.
CREATE SCHEMA IF NOT EXISTS demo;
CREATE TABLE IF NOT EXISTS demo.cases (
  case_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  shows text[] NOT NULL,        -- rule numbers and reason codes
  presented_kind text NOT NULL, -- (R6)
  with_card boolean NOT NULL DEFAULT false,
  setting text NOT NULL DEFAULT 'standard',
  visit_date date,              -- the day to ask about; NULL is today
  visit_in_days integer,        -- or so many days from today
  insurer_number text,          -- all NULL where the card's person has no membership
  symbol text,
  number text,
  branch_number text,
  birth_date date,
  card text                     -- file name, where the person has one
);
-- For who loaded the people before there were cards.
ALTER TABLE demo.cases ADD COLUMN IF NOT EXISTS card text, ALTER COLUMN insurer_number DROP NOT NULL,
  ALTER COLUMN number DROP NOT NULL, ALTER COLUMN birth_date DROP NOT NULL;

INSERT INTO shikaku.insurers (insurer_number, printed_number, name) VALUES
  ('01130012', '01130012', '全国健康保険協会 東京支部'),
  ('06136022', '06136022', '資格電機健康保険組合'),
  ('00138057', '138057', '資格区 国民健康保険'),
  ('39131156', '39131156', '資格後期高齢者医療広域連合')
  ON CONFLICT DO NOTHING;

INSERT INTO shikaku.institutions (institution_code, name) VALUES ('1319900013', '資格診療所') ON CONFLICT DO NOTHING;

-- A person's record at one insurer, with one membership. The defaults are the ordinary case: insured by 協会けんぽ, confirmed by the
-- register, card registered and usable, certificate on record. Who has a card has cards/<person>.pem.
CREATE TEMPORARY TABLE people (
  person text NOT NULL,                 -- the same word: the same person
  member_id text PRIMARY KEY,
  insurer_number text NOT NULL DEFAULT '01130012',
  name text NOT NULL,
  name_kana text NOT NULL,
  name_other text,
  sex text NOT NULL DEFAULT 'female',
  sex_on_face text,
  birth_date date NOT NULL DEFAULT '1980-05-17',
  postal_code text DEFAULT '100-0000',
  address text DEFAULT '東京都資格区確認町1-2-3',
  non_disclosure boolean NOT NULL DEFAULT false,
  self_information_stopped boolean NOT NULL DEFAULT false,
  symbol text DEFAULT '12345678',
  number text NOT NULL,
  branch_number text DEFAULT '00',
  insured_by text,                      -- member_id of the insured person, for a dependant
  acquired_on date NOT NULL DEFAULT '2015-04-01',
  lost_on date,
  loss_reason text,
  link text NOT NULL DEFAULT 'linked',
  registered boolean NOT NULL DEFAULT true,
  cancelled boolean NOT NULL DEFAULT false,
  card text DEFAULT 'active',
  certificate text DEFAULT 'issued',
  certificate_until date,
  percent smallint,
  presented_kind text NOT NULL DEFAULT 'eligibility_certificate',
  with_card boolean NOT NULL DEFAULT false,
  setting text NOT NULL DEFAULT 'standard',
  visit_date date,
  visit_in_days integer,
  shows text[] -- by these keys; NULL: only their card is shown, see below
) ON COMMIT DROP;

\set ago '(:\'today\'::date - interval '
\set ahead '(:\'today\'::date + interval '

-- The ordinary case, and a family.
INSERT INTO people (person, member_id, name, name_kana, sex, number, branch_number, insured_by, birth_date, presented_kind, with_card, shows) VALUES
  ('taro', 'taro', '資格 太郎', 'シカク タロウ', 'male', '1234567', '00', NULL, '1980-05-17', 'eligibility_certificate', false,
    '{R3.1,R4,R6,R7.1}'),
  ('hanako', 'hanako', '資格 花子', 'シカク ハナコ', 'female', '1234567', '01', 'taro', '1982-11-03', 'qualification_notice', true,
    '{R3.3,R4,R6,R7.1}'),
  ('sakura', 'sakura', '未就学 さくら', 'ミシュウガク サクラ', 'female', '1234567', '02', 'taro', :ago '2 years')::date, 'portal_record', true,
    '{R6,R7.1,preschool}');

-- Cover (R3, R4).
INSERT INTO people (person, member_id, name, name_kana, sex, number, insured_by, branch_number, birth_date, acquired_on, lost_on, loss_reason, shows) VALUES
  ('ended', 'ended', '喪失 次郎', 'ソウシツ ジロウ', 'male', '2000001', NULL, '00', '1975-02-28', '2010-04-01', :ago '30 days')::date, '99',
    '{R3.1,R3.4,R4,membership_ended}'),
  ('dead', 'dead', '死亡 喪男', 'シボウ モオ', 'male', '2000002', NULL, '00', '1961-01-01', '2010-04-01', :ago '20 days')::date, '01',
    '{R3.1,membership_ended}'),
  ('child-of-dead', 'child-of-dead', '遺族 扶子', 'イゾク フコ', 'female', '2000002', 'dead', '01', '1985-06-01', '2010-04-01', NULL, NULL,
    '{R3.3,membership_ended}'),
  ('not-started', 'not-started', '未開始 三郎', 'ミカイシ サブロウ', 'male', '2000003', NULL, '00', '2000-03-15', :ahead '1 year')::date, NULL, NULL,
    '{R4,membership_not_started}'),
  ('moved', 'moved', '移行 喜寿', 'イコウ キジュ', 'male', '2000004', NULL, '00', :ago '76 years')::date, '1990-04-01', NULL, NULL,
    '{R3.2,moved_to_late_elderly}'),
  ('child-of-moved', 'child-of-moved', '移行 扶美', 'イコウ フミ', 'female', '2000004', 'moved', '01', :ago '68 years')::date, '1990-04-01', NULL, NULL,
    '{R3.2,insured_moved_to_late_elderly}'),
  ('job-changer', 'job-changer-old', '転職 新', 'テンショク アラタ', 'male', '2000005', NULL, '00', '1991-09-09', '2014-04-01', :ago '60 days')::date, '03',
    '{R4,invalid_newer_exists}');
INSERT INTO people (person, member_id, insurer_number, name, name_kana, sex, symbol, number, branch_number, birth_date, acquired_on, shows) VALUES
  ('job-changer', 'job-changer-new', '06136022', '転職 新', 'テンショク アラタ', 'male', '１２－３４', '５６７', '01', '1991-09-09', :ago '60 days')::date,
    '{R2.2,R4}');

-- Twins without 枝番 (R2.2, R4): asked for by their keys, either of them answers `multiple`.
INSERT INTO people (person, member_id, insurer_number, name, name_kana, symbol, number, branch_number, insured_by, birth_date, shows) VALUES
  ('twins-mother', 'twins-mother', '06136022', '双子 親', 'フタゴ オヤ', '20', '300', NULL, NULL, '1988-08-08', '{R2.2}'),
  ('twin-1', 'twin-1', '06136022', '双子 一', 'フタゴ ハジメ', '20', '300', NULL, 'twins-mother', :ago '10 years')::date, '{R2.2,R4,multiple}'),
  ('twin-2', 'twin-2', '06136022', '双子 二', 'フタゴ ツグ', '20', '300', NULL, 'twins-mother', :ago '10 years')::date, '{R2.2,R4,multiple}');

-- Paper answers as registered while the link is not confirmed (R8.3).
INSERT INTO people (person, member_id, name, name_kana, number, birth_date, link, registered, card, shows) VALUES
  ('pending', 'pending', '照合 待子', 'ショウゴウ マチコ', '3000001', '1999-12-31', 'pending', false, NULL, '{R8.3,link_not_confirmed}'),
  ('mismatch', 'mismatch', '照合 違', 'ショウゴウ チガウ', '3000002', '1997-07-07', 'mismatch', false, NULL, '{R8.3,link_not_confirmed}');

-- Shares of the cost (R7.1).
INSERT INTO people (person, member_id, insurer_number, name, name_kana, symbol, number, branch_number, birth_date, acquired_on, percent, shows) VALUES
  ('elderly-20', 'elderly-20', '00138057', '高齢 二割', 'コウレイ ニワリ', '国-01', '4000001', '01', :ago '71 years')::date, '2005-10-01', 20, '{R7.1,elderly}'),
  ('elderly-30', 'elderly-30', '00138057', '高齢 三割', 'コウレイ サンワリ', '国-01', '4000002', '01', :ago '71 years')::date, '2005-10-01', 30, '{R7.1,elderly}'),
  ('elderly-none', 'elderly-none', '00138057', '割合 未登録', 'ワリアイ ミトウロク', '国-01', '4000003', '01', :ago '71 years')::date, '2005-10-01', NULL,
    '{R7.1,elderly_ratio_not_registered}'),
  ('late-10', 'late-10', '39131156', '後期 一割', 'コウキ イチワリ', NULL, '90000001', NULL, :ago '80 years')::date, :ago '5 years')::date, 10, '{R7.1,late_elderly}'),
  ('late-20', 'late-20', '39131156', '後期 二割', 'コウキ ニワリ', NULL, '90000002', NULL, :ago '80 years')::date, :ago '5 years')::date, 20, '{R7.1,late_elderly}'),
  ('late-30', 'late-30', '39131156', '後期 三割', 'コウキ サンワリ', NULL, '90000003', NULL, :ago '80 years')::date, :ago '5 years')::date, 30, '{R7.1,late_elderly}'),
  ('late-none', 'late-none', '39131156', '後期 未登録', 'コウキ ミトウロク', NULL, '90000004', NULL, :ago '80 years')::date, :ago '5 years')::date, NULL,
    '{R7.1,late_elderly,elderly_ratio_not_registered}'),
  ('late-disabled', 'late-disabled', '39131156', '後期 認定', 'コウキ ニンテイ', NULL, '90000005', NULL, :ago '67 years')::date, :ago '1 year')::date, 10,
    '{R7.1,late_elderly}'),
  ('standard', 'standard', '00138057', '国保 世帯主', 'コクホ セタイヌシ', '国-01', '4000004', '01', '1970-10-10', '2005-10-01', NULL, '{R2.1,R7.1,standard}');

-- What is presented (R6).
INSERT INTO people (person, member_id, name, name_kana, number, birth_date, registered, cancelled, card, certificate, certificate_until,
    presented_kind, with_card, setting, visit_date, visit_in_days, shows) VALUES
  ('unregistered', 'unregistered', '利用 未登録', 'リヨウ ミトウロク', '5000001', '1990-01-02', false, false, NULL, 'issued', NULL,
    'qualification_notice', true, 'standard', NULL, NULL, '{R5.3,R6,card_not_registered}'),
  ('cancelled', 'cancelled', '登録 解除', 'トウロク カイジョ', '5000002', '1990-01-03', true, true, 'active', 'issued', NULL,
    'portal_record', true, 'standard', NULL, NULL, '{R5.3,R6,card_not_registered}'),
  ('revoked', 'revoked', '失効 証子', 'シッコウ ショウコ', '5000003', '1990-01-04', true, false, 'revoked', 'issued', NULL,
    'qualification_notice', true, 'standard', NULL, NULL, '{R5.3,R6,card_revoked}'),
  ('suspended', 'suspended', '停止 一時', 'テイシ カズトキ', '5000004', '1990-01-05', true, false, 'suspended', 'issued', NULL,
    'qualification_notice', true, 'standard', NULL, NULL, '{R5.3,R6,card_suspended}'),
  ('no-record', 'no-record', '確認書 無記録', 'カクニンショ ムキロク', '5000005', '1990-01-06', true, false, 'active', NULL, NULL,
    'eligibility_certificate', false, 'standard', NULL, NULL, '{R6,certificate_not_on_record}'),
  ('returned', 'returned', '確認書 返却', 'カクニンショ ヘンキャク', '5000006', '1990-01-07', true, false, 'active', 'returned', NULL,
    'eligibility_certificate', false, 'standard', NULL, NULL, '{R6,R10.2,certificate_not_current}'),
  ('withdrawn', 'withdrawn', '確認書 取消', 'カクニンショ トリケシ', '5000007', '1990-01-08', true, false, 'active', 'revoked', NULL,
    'eligibility_certificate', false, 'standard', NULL, NULL, '{R6,R10.2,certificate_not_current}'),
  ('expired', 'expired', '確認書 期限切', 'カクニンショ キゲンギレ', '5000008', '1990-01-09', true, false, 'active', 'issued', :ago '10 days')::date,
    'eligibility_certificate', false, 'standard', NULL, NULL, '{R6,R10.2,certificate_not_current}'),
  ('notice-alone', 'notice-alone', '書類 一枚', 'ショルイ イチマイ', '5000009', '1990-01-10', true, false, 'active', 'issued', NULL,
    'qualification_notice', false, 'standard', NULL, NULL, '{R6,card_required_with_document}'),
  ('notice-alone-unregistered', 'notice-alone-unregistered', '書類 未登録', 'ショルイ ミトウロク', '5000010', '1990-01-11', false, false, NULL, 'issued', NULL,
    'portal_record', false, 'standard', NULL, NULL, '{R6,card_required_with_document,card_not_registered}'),
  ('old-card', 'old-card', '旧証 持参', 'キュウショウ ジサン', '5000011', '1990-01-12', true, false, 'active', 'issued', NULL,
    'insurance_card', false, 'standard', NULL, NULL, '{R6,insurance_card_ended}'),
  ('old-card-then', 'old-card-then', '旧証 有効中', 'キュウショウ ユウコウチュウ', '5000012', '1990-01-13', true, false, 'active', 'issued', NULL,
    'insurance_card', false, 'standard', '2025-12-01', NULL, '{R6}'),
  ('tolerated', 'tolerated', '経過 措置', 'ケイカ ソチ', '5000013', '1990-01-14', true, false, 'active', 'issued', NULL,
    'insurance_card', false, 'standard', '2026-03-31', NULL, '{R6.1,tolerated_until_2026_03_31}'),
  ('school', 'school', '学校 遠足', 'ガッコウ エンソク', '5000014', :ago '9 years')::date, true, false, 'active', NULL, NULL,
    'qualification_notice', false, 'school', NULL, NULL, '{R6}'),
  ('school-unregistered', 'school-unregistered', '学校 未登録', 'ガッコウ ミトウロク', '5000015', :ago '9 years')::date, false, false, NULL, NULL, NULL,
    'qualification_notice', false, 'school', NULL, NULL, '{R6,card_not_registered}'),
  ('school-copy', 'school-copy', '学校 写し', 'ガッコウ ウツシ', '5000016', :ago '9 years')::date, false, false, NULL, 'issued', NULL,
    'eligibility_certificate', false, 'school', NULL, NULL, '{R6}'),
  ('booked', 'booked', '予約 先日付', 'ヨヤク サキヒヅケ', '5000017', '1990-01-18', true, false, 'active', 'issued', NULL,
    'eligibility_certificate', false, 'standard', NULL, 7, '{R4.3,future_visit_date}');

-- Protected persons (R14), and what else an answer can hold.
INSERT INTO people (person, member_id, name, name_kana, name_other, sex, sex_on_face, number, birth_date, non_disclosure, self_information_stopped,
    presented_kind, with_card, shows) VALUES
  ('protected', 'protected', '不開示 守', 'フカイジ マモル', NULL, 'male', NULL, '6000001', '1986-04-01', true, false, 'eligibility_certificate', false,
    '{R14}'),
  ('stopped', 'stopped', '自己情報 停止', 'ジコジョウホウ テイシ', NULL, 'female', NULL, '6000002', '1986-04-02', true, true, 'qualification_notice', true,
    '{R14,card_not_registered}'),
  ('other-name', 'other-name', 'シカク マリア', 'シカク マリア', '資格 真理亜', 'female', NULL, '6000003', '1986-04-03', false, false, 'eligibility_certificate', false,
    '{name_other}'),
  ('other-sex', 'other-sex', '券面 性別', 'ケンメン セイベツ', NULL, 'male', 'unspecified', '6000004', '1986-04-04', false, false, 'eligibility_certificate', false,
    '{sex_on_face}');

-- By card (R4.1, R5). Those whom only their card makes a case.
INSERT INTO people (person, member_id, name, name_kana, number) VALUES
  ('generation-1', 'generation-1', '旧世代 札男', 'キュウセダイ フダオ', '7000001'),
  ('phone', 'phone', '携帯 花', 'ケイタイ ハナ', '7000002'),
  ('p256', 'p256', '曲線 二五六', 'キョクセン ニゴロク', '7000003'),
  ('p384', 'p384', '曲線 三八四', 'キョクセン サンハチヨン', '7000004'),
  ('revoked-on-list', 'revoked-on-list', '失効 一覧', 'シッコウ イチラン', '7000005'),
  ('held-on-list', 'held-on-list', '保留 一覧', 'ホリュウ イチラン', '7000006'),
  ('hotline', 'hotline', '紛失 届子', 'フンシツ トドケコ', '7000007'),
  ('card-expired', 'card-expired', '期限 切子', 'キゲン キレコ', '7000008'),
  ('phone-expired', 'phone-expired', '携帯 期限切', 'ケイタイ キゲンギレ', '7000009'),
  ('in-grace', 'in-grace', '猶予 期間中', 'ユウヨ キカンチュウ', '7000010'),
  ('expires-soon', 'expires-soon', '期限 間近', 'キゲン マヂカ', '7000011'),
  ('without-list', 'without-list', '失効 不明', 'シッコウ フメイ', '7000012'),
  ('stranger', 'stranger', '発行者 不明', 'ハッコウシャ フメイ', '7000013'),
  ('for-signing', 'for-signing', '署名用 提示', 'ショメイヨウ テイジ', '7000014'),
  ('not-yet', 'not-yet', '期間 前', 'キカン マエ', '7000015'),
  ('other-key', 'other-key', '別鍵 署名', 'ベツカギ ショメイ', '7000016');
INSERT INTO people (person, member_id, insurer_number, name, name_kana, symbol, number, branch_number, acquired_on) VALUES
  ('two-insurers', 'two-insurers-old', '01130012', '重複 加入', 'チョウフク カニュウ', '12345678', '7000017', '00', '2016-04-01'),
  ('two-insurers', 'two-insurers-new', '06136022', '重複 加入', 'チョウフク カニュウ', '70', '17', '01', '2024-10-01'),
  ('same-day', 'same-day-1', '01130012', '同日 取得', 'ドウジツ シュトク', '12345678', '7000018', '00', '2024-04-01'),
  ('same-day', 'same-day-2', '06136022', '同日 取得', 'ドウジツ シュトク', '70', '18', '01', '2024-04-01');

-- Limits and specific diseases (R7.6, R7.8 to R7.11): by typed keys they are not told without consent, by card they are.
INSERT INTO people (person, member_id, insurer_number, name, name_kana, symbol, number, branch_number, birth_date, acquired_on, percent, shows) VALUES
  ('limit-a03', 'limit-a03', '01130012', '限度 区分ウ', 'ゲンド クブンウ', '12345678', '8000001', '00', '1980-05-17', '2015-04-01', NULL,
    '{R7.9,limit_consent_missing}'),
  ('limit-a05', 'limit-a05', '00138057', '限度 長期', 'ゲンド チョウキ', '国-01', '8000002', '01', '1980-05-17', '2015-04-01', NULL, NULL),
  ('limit-b05', 'limit-b05', '39131156', '限度 低所得', 'ゲンド テイショトク', NULL, '90000006', NULL, :ago '80 years')::date, :ago '5 years')::date, 10,
    NULL),
  ('limit-b02', 'limit-b02', '00138057', '限度 現役並み', 'ゲンド ゲンエキナミ', '国-01', '8000003', '01', :ago '71 years')::date, '2005-10-01', 30,
    NULL),
  ('dialysis', 'dialysis', '01130012', '透析 通子', 'トウセキ カヨコ', '12345678', '8000004', '00', '1980-05-17', '2015-04-01', NULL, NULL);

-- What their insurers registered, from a year ago for two years. A long stay began a hundred days ago.
CREATE TEMPORARY TABLE limited (
  member_id text PRIMARY KEY,
  category text NOT NULL,
  certificate text,
  long_stay boolean NOT NULL DEFAULT false,
  disease text
) ON COMMIT DROP;
INSERT INTO limited VALUES
  ('limit-a03', 'A03', '01', false, NULL),
  ('limit-a05', 'A05', '02', true, NULL),
  ('limit-b05', 'B05', '02', false, NULL),
  ('limit-b02', 'B02', '01', false, NULL),
  ('dialysis', 'A01', '01', false, '1');

-- What each card shows: of demo/cards.list, and whose keys stand beside it in the index (an answer's, where there are several). A
-- category of a limit is named where one is told. The reasons that only `POST /v1/limit-queries` gives (R7.6, R7.11) stand at the
-- card whose limit query shows them: ceiling_months_counted, specific_disease_consent_missing and specific_disease_not_registered.
CREATE TEMPORARY TABLE shown_by_card (
  place integer GENERATED ALWAYS AS IDENTITY,
  card text PRIMARY KEY,
  member_id text,
  name text NOT NULL,
  shows text[] NOT NULL
) ON COMMIT DROP;
INSERT INTO shown_by_card (card, member_id, name, shows) VALUES
  ('taro', 'taro', '資格 太郎', '{R4,R5.1,R7.1,R12.1}'),
  ('generation-1', 'generation-1', '旧世代 札男', '{R5.2}'),
  ('phone', 'phone', '携帯 花', '{R5.6}'),
  ('p256', 'p256', '曲線 二五六', '{R5.1}'),
  ('p384', 'p384', '曲線 三八四', '{R5.1}'),
  ('revoked-on-list', 'revoked-on-list', '失効 一覧', '{R5.3,card_revoked}'),
  ('revoked', 'revoked', '失効 証子', '{R5.3,card_revoked}'),
  ('held-on-list', 'held-on-list', '保留 一覧', '{R5.3,card_suspended}'),
  ('hotline', 'hotline', '紛失 届子', '{R5.3,card_suspended}'),
  ('card-expired', 'card-expired', '期限 切子', '{R5.3,R5.4,certificate_expired}'),
  ('phone-expired', 'phone-expired', '携帯 期限切', '{R5.3,R5.4,certificate_expired}'),
  ('in-grace', 'in-grace', '猶予 期間中', '{R5.4,R12.2,certificate_in_grace}'),
  ('expires-soon', 'expires-soon', '期限 間近', '{R5.4,certificate_expires_soon}'),
  ('unregistered', 'unregistered', '利用 未登録', '{R5.3,R5.6,card_not_registered}'),
  ('cancelled', 'cancelled', '登録 解除', '{R5.3,R5.6,card_not_registered}'),
  ('notice-alone-unregistered', 'notice-alone-unregistered', '書類 未登録', '{R5.3,R5.6,card_not_registered}'),
  ('without-list', 'without-list', '失効 不明', '{R5.5,revocation_unknown}'),
  ('stranger', 'stranger', '発行者 不明', '{R5.1,R5.2,card_certificate_untrusted}'),
  ('for-signing', 'for-signing', '署名用 提示', '{R5.1,card_certificate_wrong_purpose}'),
  ('not-yet', 'not-yet', '期間 前', '{R5.1,card_certificate_not_yet_valid}'),
  ('other-key', 'other-key', '別鍵 署名', '{R5.1,card_signature_invalid}'),
  ('two-insurers', 'two-insurers-new', '重複 加入', '{R4.1,overlapping_membership}'),
  ('same-day', 'same-day-1', '同日 取得', '{R4.1,multiple}'),
  ('job-changer', 'job-changer-new', '転職 新', '{R4.1}'),
  ('twin-1', 'twin-1', '双子 一', '{R4,R4.1}'),
  ('ended', 'ended', '喪失 次郎', '{R4.1,membership_ended}'),
  ('not-started', 'not-started', '未開始 三郎', '{R4.1,membership_not_started}'),
  ('moved', 'moved', '移行 喜寿', '{R3.2,moved_to_late_elderly}'),
  ('pending', 'pending', '照合 待子', '{R4,R8.3,no_membership,link_not_confirmed}'),
  ('no-membership', NULL, '無資格 札子', '{R4,no_membership}'),
  ('protected', 'protected', '不開示 守', '{R14}'),
  ('stopped', 'stopped', '自己情報 停止', '{R14,card_not_registered}'),
  ('limit-a03', 'limit-a03', '限度 区分ウ', '{R7.3,R7.8,R7.9,R7.11,A03,ceiling_months_counted,specific_disease_not_registered}'),
  ('limit-a05', 'limit-a05', '限度 長期', '{R7.8,R7.10,A05}'),
  ('limit-b05', 'limit-b05', '限度 低所得', '{R7.4,R7.8,B05}'),
  ('limit-b02', 'limit-b02', '限度 現役並み', '{R7.4,R7.8,B02}'),
  ('dialysis', 'dialysis', '透析 通子', '{R7.6,R7.9,A01,specific_disease_consent_missing}'),
  ('elderly-20', 'elderly-20', '高齢 二割', '{R7.1,R7.8,B04,limit_from_ratio}'),
  ('late-10', 'late-10', '後期 一割', '{R7.1,R7.8,B10,limit_from_ratio}'),
  ('elderly-none', 'elderly-none', '割合 未登録', '{R7.1,R7.8,elderly_ratio_not_registered,limit_not_registered}'),
  ('standard', 'standard', '国保 世帯主', '{R7.1,R7.8,limit_not_registered}');

-- From here on sets only, and only who is not there yet.
CREATE TEMPORARY TABLE newcomers ON COMMIT DROP AS
  SELECT people.*, row_number() OVER () AS place,
      regexp_replace(regexp_replace(normalize(symbol, NFKC), '\s', '', 'g'), '[‐−ー–]', '-', 'g') AS symbol_key,
      regexp_replace(regexp_replace(normalize(number, NFKC), '\s', '', 'g'), '[‐−ー–]', '-', 'g') AS number_key,
      :'now'::timestamptz - interval '400 days' AS known_from
    FROM people
    WHERE NOT EXISTS (
      SELECT FROM shikaku.members AS m WHERE m.insurer_number = people.insurer_number AND m.member_id = 'demo-' || people.member_id);

INSERT INTO shikaku.persons (register_code)
  SELECT DISTINCT 'demo-' || person FROM newcomers
  UNION SELECT 'demo-' || card FROM shown_by_card WHERE member_id IS NULL
  ON CONFLICT DO NOTHING;

INSERT INTO shikaku.members (insurer_number, member_id, person_id, name, name_kana, name_other, sex, sex_on_face, birth_date, postal_code,
    address, non_disclosure, self_information_stopped, known_from)
  SELECT n.insurer_number, 'demo-' || n.member_id, p.person_id, n.name, n.name_kana, n.name_other, n.sex, n.sex_on_face, n.birth_date,
      n.postal_code, n.address, n.non_disclosure, n.self_information_stopped, n.known_from
    FROM newcomers AS n JOIN shikaku.persons AS p ON p.register_code = 'demo-' || n.person
    ORDER BY n.place;

INSERT INTO shikaku.memberships (member_key, insurer_number, relationship, symbol, number, branch_number, symbol_key, number_key, acquired_on,
    known_from)
  SELECT m.member_key, m.insurer_number, 'insured', n.symbol, n.number, n.branch_number, n.symbol_key, n.number_key,
      greatest(n.acquired_on, n.birth_date), n.known_from
    FROM newcomers AS n JOIN shikaku.members AS m ON m.insurer_number = n.insurer_number AND m.member_id = 'demo-' || n.member_id
    WHERE n.insured_by IS NULL
    ORDER BY n.place;

INSERT INTO shikaku.memberships (member_key, insurer_number, relationship, insured_membership_id, symbol, number, branch_number, symbol_key,
    number_key, acquired_on, known_from)
  SELECT m.member_key, m.insurer_number, 'dependent', insured_ms.membership_id, n.symbol, n.number, n.branch_number, n.symbol_key, n.number_key,
      greatest(n.acquired_on, n.birth_date), n.known_from
    FROM newcomers AS n
    JOIN shikaku.members AS m ON m.insurer_number = n.insurer_number AND m.member_id = 'demo-' || n.member_id
    JOIN shikaku.members AS insured_m ON insured_m.insurer_number = n.insurer_number AND insured_m.member_id = 'demo-' || n.insured_by
    JOIN shikaku.memberships AS insured_ms ON insured_ms.member_key = insured_m.member_key
    ORDER BY n.place;

-- Losses were reported two days ago: `known_at` before that still answers `valid` (R3.4).
UPDATE shikaku.memberships AS ms
  SET lost_on = n.lost_on, loss_reason = n.loss_reason, known_from = :'now'::timestamptz - interval '2 days'
  FROM newcomers AS n JOIN shikaku.members AS m ON m.insurer_number = n.insurer_number AND m.member_id = 'demo-' || n.member_id
  WHERE ms.member_key = m.member_key AND n.lost_on IS NOT NULL;

INSERT INTO shikaku.ratios (member_key, insurer_number, percent, valid, known_from)
  SELECT m.member_key, m.insurer_number, n.percent, daterange((:'today'::date - interval '1 year')::date, (:'today'::date + interval '3 years')::date),
      n.known_from
    FROM newcomers AS n JOIN shikaku.members AS m ON m.insurer_number = n.insurer_number AND m.member_id = 'demo-' || n.member_id
    WHERE n.percent IS NOT NULL
    ORDER BY n.place;

INSERT INTO shikaku.limits (member_key, insurer_number, category, certificate, valid, long_stay_from, known_from)
  SELECT m.member_key, m.insurer_number, l.category, l.certificate,
      daterange((:'today'::date - interval '1 year')::date, (:'today'::date + interval '1 year')::date),
      CASE WHEN l.long_stay THEN :'today'::date - 100 END, n.known_from
    FROM newcomers AS n JOIN limited AS l USING (member_id)
    JOIN shikaku.members AS m ON m.insurer_number = n.insurer_number AND m.member_id = 'demo-' || n.member_id
    ORDER BY n.place;

INSERT INTO shikaku.specific_diseases (member_key, insurer_number, category, valid, known_from)
  SELECT m.member_key, m.insurer_number, l.disease, daterange((:'today'::date - interval '1 year')::date, NULL), n.known_from
    FROM newcomers AS n JOIN limited AS l USING (member_id)
    JOIN shikaku.members AS m ON m.insurer_number = n.insurer_number AND m.member_id = 'demo-' || n.member_id
    WHERE l.disease IS NOT NULL
    ORDER BY n.place;

INSERT INTO shikaku.links (member_key, state, mismatched, decided_at, known_from)
  SELECT m.member_key, n.link, CASE n.link WHEN 'mismatch' THEN ARRAY['name', 'address'] END,
      CASE WHEN n.link <> 'pending' THEN n.known_from END, n.known_from
    FROM newcomers AS n JOIN shikaku.members AS m ON m.insurer_number = n.insurer_number AND m.member_id = 'demo-' || n.member_id
    ORDER BY n.place;

INSERT INTO shikaku.use_registrations (person_id, registered_at, channel, cancelled_at)
  SELECT DISTINCT ON (p.person_id) p.person_id, n.known_from, 'reader', CASE WHEN n.cancelled THEN :'now'::timestamptz - interval '2 days' END
    FROM newcomers AS n JOIN shikaku.persons AS p ON p.register_code = 'demo-' || n.person
    WHERE n.registered
  ON CONFLICT DO NOTHING;

-- A stopped or revoked card also stops a document that comes with it (R6), so these must be there even where no certificate was
-- made: rows only, which demo/cards takes away when it has made the real card known.
INSERT INTO shikaku.cards (person_id, medium, certificate_digest, issuer_key_identifier, serial, not_before, not_after, public_key, state)
  SELECT DISTINCT ON (p.person_id) p.person_id, 'card', sha256(convert_to('demo certificate of ' || n.person, 'UTF8')),
      substr(sha256('demo issuer'), 1, 20), substr(sha256(convert_to('demo serial of ' || n.person, 'UTF8')), 1, 8), n.known_from,
      n.known_from + interval '5 years', convert_to('no key, a demo row of ' || n.person, 'UTF8'), n.card
    FROM newcomers AS n JOIN shikaku.persons AS p ON p.register_code = 'demo-' || n.person
    WHERE n.card <> 'active'
  ON CONFLICT DO NOTHING;

INSERT INTO shikaku.eligibility_certificates (membership_id, number, issued_on, valid_from, valid_until, state, known_from)
  SELECT ms.membership_id, 'D-' || n.place, (:'today'::date - interval '200 days')::date, (:'today'::date - interval '200 days')::date,
      coalesce(n.certificate_until, (:'today'::date + interval '4 years')::date), n.certificate, :'now'::timestamptz - interval '200 days'
    FROM newcomers AS n
    JOIN shikaku.members AS m ON m.insurer_number = n.insurer_number AND m.member_id = 'demo-' || n.member_id
    JOIN shikaku.memberships AS ms ON ms.member_key = m.member_key
    WHERE n.certificate IS NOT NULL
    ORDER BY n.place;

INSERT INTO demo.cases (name, shows, presented_kind, with_card, setting, visit_date, visit_in_days, insurer_number, symbol, number,
    branch_number, birth_date)
  SELECT name, shows, presented_kind, with_card, setting, visit_date, visit_in_days, insurer_number, symbol, number, branch_number, birth_date
    FROM newcomers
    WHERE shows IS NOT NULL
    ORDER BY place;

-- By card. Birth dates as they were registered: they may have been counted from another day.
INSERT INTO demo.cases (name, shows, presented_kind, card, insurer_number, symbol, number, branch_number, birth_date)
  SELECT c.name, c.shows, 'card', c.card || '.pem', p.insurer_number, p.symbol, p.number, p.branch_number, m.birth_date
    FROM shown_by_card AS c
    LEFT JOIN people AS p USING (member_id)
    LEFT JOIN shikaku.members AS m ON m.insurer_number = p.insurer_number AND m.member_id = 'demo-' || p.member_id
    WHERE NOT EXISTS (SELECT FROM demo.cases AS old WHERE old.presented_kind = 'card' AND old.card = c.card || '.pem')
    ORDER BY c.place;

UPDATE demo.cases AS c SET card = p.person || '.pem'
  FROM people AS p
  WHERE c.card IS NULL AND c.insurer_number = p.insurer_number AND c.number = p.number AND c.name = p.name
    AND (p.card IS NOT NULL OR p.person IN (SELECT card FROM shown_by_card));

-- Questions that name nobody.
INSERT INTO demo.cases (name, shows, presented_kind, insurer_number, symbol, number, branch_number, birth_date)
  SELECT * FROM (VALUES
    ('該当 なし', '{R4,not_found}'::text[], 'eligibility_certificate', '01130012', '12345678', '9999999', '00', '1980-05-17'::date),
    ('検証 番号', '{R2.1,R4,insurer_number_check_digit}', 'eligibility_certificate', '01130013', '12345678', '1234567', '00', '1980-05-17')
  ) AS nobody (name, shows, presented_kind, insurer_number, symbol, number, branch_number, birth_date)
  WHERE NOT EXISTS (SELECT FROM demo.cases AS c WHERE c.name = nobody.name);

COMMIT;
