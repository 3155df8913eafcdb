-- Users, teams, members, and the namespaces of teams. Users have no passwords.
CREATE TABLE person (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  -- Identity at an identity provider: issuer and subject, never an e-mail address.
  issuer TEXT,
  subject TEXT,
  created_ms INTEGER NOT NULL,
  -- Time since which the user is locked.
  locked_ms INTEGER,
  UNIQUE (issuer, subject)
) STRICT;
CREATE TABLE team (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE member (
  team_id INTEGER NOT NULL REFERENCES team (id),
  person_id INTEGER NOT NULL REFERENCES person (id),
  PRIMARY KEY (team_id, person_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE namespace (
  name TEXT PRIMARY KEY,
  team_id INTEGER NOT NULL REFERENCES team (id)
) STRICT;

-- Sign-in links, each for one use. Only hashes are stored.
CREATE TABLE sign_in_link (
  hash TEXT PRIMARY KEY,
  person_id INTEGER NOT NULL REFERENCES person (id),
  expires_ms INTEGER NOT NULL,
  used_ms INTEGER,
  -- Team member who created the link; NULL for the operator.
  made_by INTEGER REFERENCES person (id)
) STRICT;
CREATE TABLE session (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  hash TEXT NOT NULL UNIQUE,
  person_id INTEGER NOT NULL REFERENCES person (id),
  agent TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  seen_ms INTEGER NOT NULL,
  ended_ms INTEGER
) STRICT;
CREATE INDEX session_by_person ON session (person_id, id);
-- User who created the token; NULL for the operator, who names an owner instead.
ALTER TABLE token ADD COLUMN person_id INTEGER REFERENCES person (id);
CREATE INDEX token_by_person ON token (person_id, id);
CREATE INDEX token_by_owner ON token (owner, id);
