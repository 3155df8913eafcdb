-- People, the teams they are in, and the namespaces of teams. Nobody has a password.
CREATE TABLE person (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  -- Who an identity provider says it is: by issuer and subject, never by an address.
  issuer TEXT,
  subject TEXT,
  created_ms INTEGER NOT NULL,
  -- Since when they may not come in.
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

-- What signs somebody in, once. Only hashes are kept.
CREATE TABLE sign_in_link (
  hash TEXT PRIMARY KEY,
  person_id INTEGER NOT NULL REFERENCES person (id),
  expires_ms INTEGER NOT NULL,
  used_ms INTEGER,
  -- A colleague; nobody where the operator made it.
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
-- Who made a key; nobody in particular where the operator did, for whom its owner names.
ALTER TABLE token ADD COLUMN person_id INTEGER REFERENCES person (id);
CREATE INDEX token_by_person ON token (person_id, id);
CREATE INDEX token_by_owner ON token (owner, id);
