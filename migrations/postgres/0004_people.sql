-- Users, teams, members, and the namespaces of teams. Users have no passwords.
CREATE TABLE person (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  -- Identity at an identity provider: issuer and subject, never an e-mail address.
  issuer TEXT,
  subject TEXT,
  created_ms BIGINT NOT NULL,
  -- Time since which the user is locked.
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

-- Sign-in links, each for one use. Only hashes are stored.
CREATE TABLE sign_in_link (
  hash TEXT PRIMARY KEY,
  person_id BIGINT NOT NULL REFERENCES person (id),
  expires_ms BIGINT NOT NULL,
  used_ms BIGINT,
  -- Team member who created the link; NULL for the operator.
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
-- User who created the token; NULL for the operator, who names an owner instead.
ALTER TABLE token ADD COLUMN person_id BIGINT REFERENCES person (id);
CREATE INDEX token_by_person ON token (person_id, id);
CREATE INDEX token_by_owner ON token (owner, id);
