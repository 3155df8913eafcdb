-- Keys of machines. Only what a key hashes to is kept; it is shown once, when it is made.
CREATE TABLE token (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  -- Whose it is, and what it may do: 'publish:<namespace>'.
  owner TEXT NOT NULL,
  scope TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  expires_ms BIGINT NOT NULL,
  used_ms BIGINT,
  revoked_ms BIGINT
);
