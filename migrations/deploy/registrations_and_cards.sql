-- Deploy shikaku:registrations_and_cards to pg
-- 利用登録 and the cards known of a person (R5.6). The registration belongs to the person; a renewed card follows it.

BEGIN;

CREATE TABLE shikaku.use_registrations (
  person_id bigint PRIMARY KEY REFERENCES shikaku.persons,
  registered_at shikaku.moment NOT NULL,
  channel text NOT NULL,
  cancelled_at shikaku.moment,
  CONSTRAINT channel_values CHECK (channel IN ('reader', 'portal', 'atm', 'municipality')),
  CONSTRAINT cancelled_after_registered CHECK (cancelled_at >= registered_at)
);

-- What the short road needs of a certificate that was validated in full when it was registered.
CREATE TABLE shikaku.cards (
  card_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  person_id bigint NOT NULL REFERENCES shikaku.persons,
  medium text NOT NULL,
  certificate_digest shikaku.sha256 NOT NULL UNIQUE, -- of the exact DER
  issuer_key_identifier bytea NOT NULL,              -- generations share one name, never a key (R5.2)
  serial bytea NOT NULL,
  not_before shikaku.moment NOT NULL,
  not_after shikaku.moment NOT NULL,
  public_key bytea NOT NULL,
  state text NOT NULL DEFAULT 'active',
  UNIQUE (issuer_key_identifier, serial),
  CONSTRAINT medium_values CHECK (medium IN ('card', 'phone')),
  CONSTRAINT issuer_key_identifier_length CHECK (octet_length(issuer_key_identifier) BETWEEN 1 AND 64),
  CONSTRAINT serial_length CHECK (octet_length(serial) BETWEEN 1 AND 20),
  CONSTRAINT public_key_length CHECK (octet_length(public_key) BETWEEN 1 AND 1024),
  CONSTRAINT not_after_follows_not_before CHECK (not_after > not_before),
  CONSTRAINT state_values CHECK (state IN ('active', 'suspended', 'revoked'))
);
CREATE INDEX cards_person_id ON shikaku.cards (person_id);

COMMIT;
