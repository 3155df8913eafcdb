-- People, the teams they are in, and the namespaces of teams. Nobody has a password.
CREATE TABLE person (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  -- Who an identity provider says it is: by issuer and subject, never by an address.
  issuer TEXT,
  subject TEXT,
  created_ms BIGINT NOT NULL,
  -- Since when they may not come in.
  locked_ms BIGINT,
  UNIQUE (issuer, subject)
);
CREATE TABLE team (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
);
CREATE TABLE member (
  team_id BIGINT NOT NULL REFERENCES team (id),
  person_id BIGINT NOT NULL REFERENCES person (id),
  PRIMARY KEY (team_id, person_id)
);
CREATE TABLE namespace (
  name TEXT PRIMARY KEY,
  team_id BIGINT NOT NULL REFERENCES team (id)
);

-- What signs somebody in, once. Only hashes are kept.
CREATE TABLE sign_in_link (
  hash TEXT PRIMARY KEY,
  person_id BIGINT NOT NULL REFERENCES person (id),
  expires_ms BIGINT NOT NULL,
  used_ms BIGINT,
  -- A colleague; nobody where the operator made it.
  made_by BIGINT REFERENCES person (id)
);
CREATE TABLE session (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  person_id BIGINT NOT NULL REFERENCES person (id),
  agent TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  seen_ms BIGINT NOT NULL,
  ended_ms BIGINT
);
CREATE INDEX session_by_person ON session (person_id, id);
-- Who made a key; nobody in particular where the operator did, for whom its owner names.
ALTER TABLE token ADD COLUMN person_id BIGINT REFERENCES person (id);
CREATE INDEX token_by_person ON token (person_id, id);
CREATE INDEX token_by_owner ON token (owner, id);
