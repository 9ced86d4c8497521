-- Verify shikaku:members on pg

BEGIN;

SELECT person_id, register_code FROM shikaku.persons WHERE false;
SELECT member_key, insurer_number, member_id, person_id, name, name_kana, name_other, sex, sex_on_face, birth_date, postal_code,
  address, non_disclosure, self_information_stopped, known_from
  FROM shikaku.members WHERE false;

ROLLBACK;
