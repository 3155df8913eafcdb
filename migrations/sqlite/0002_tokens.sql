-- Access tokens. Only the hash of a token is stored. The token is shown once, when it is created.
CREATE TABLE token (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  hash TEXT NOT NULL UNIQUE,
  -- Name of the owner, and the permission: 'publish:<namespace>'.
  owner TEXT NOT NULL,
  scope TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  used_ms INTEGER,
  revoked_ms INTEGER
) STRICT;
