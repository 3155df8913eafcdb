-- Keys of machines. Only what a key hashes to is kept; it is shown once, when it is made.
CREATE TABLE token (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  hash TEXT NOT NULL UNIQUE,
  -- Whose it is, and what it may do: 'publish:<namespace>'.
  owner TEXT NOT NULL,
  scope TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  used_ms INTEGER,
  revoked_ms INTEGER
) STRICT;
