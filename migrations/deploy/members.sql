-- Deploy shikaku:members to pg
-- Persons, and each insurer's record of one. Memberships under several insurers are known to be one person's when the resident
-- register gave the same code for them (R8.2).

BEGIN;

CREATE TABLE shikaku.persons (
  person_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  register_code text UNIQUE,
  CONSTRAINT register_code_form CHECK (octet_length(register_code) BETWEEN 1 AND 128 AND register_code !~ '[^!-~]')
);

CREATE TABLE shikaku.members (
  member_key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  insurer_number text NOT NULL REFERENCES shikaku.insurers,
  member_id text NOT NULL, -- the insurer's own key
  person_id bigint NOT NULL REFERENCES shikaku.persons,
  name shikaku.line NOT NULL,
  name_kana shikaku.line NOT NULL,
  name_other shikaku.line,
  sex text NOT NULL,
  sex_on_face text, -- where the insurer prints another than it registered
  birth_date shikaku.day NOT NULL,
  postal_code text,
  address shikaku.line,
  non_disclosure boolean NOT NULL DEFAULT false,           -- 不開示 (R14)
  self_information_stopped boolean NOT NULL DEFAULT false, -- (R14)
  known_from shikaku.moment NOT NULL,
  UNIQUE (insurer_number, member_id),
  UNIQUE (member_key, insurer_number),
  CONSTRAINT member_id_form CHECK (char_length(member_id) BETWEEN 1 AND 64 AND member_id !~ '[[:cntrl:][:space:]]'),
  CONSTRAINT sex_values CHECK (sex IN ('male', 'female', 'unspecified')),
  CONSTRAINT sex_on_face_values CHECK (sex_on_face IN ('male', 'female', 'unspecified')),
  CONSTRAINT postal_code_form CHECK (postal_code ~ '^[0-9]{3}-[0-9]{4}$')
);
CREATE INDEX members_person_id ON shikaku.members (person_id);
-- Whom do these keys name, as known at another time: a birth date names fewer than a 番号 does.
CREATE INDEX members_birth_date ON shikaku.members (insurer_number, birth_date);

COMMIT;
