-- Access tokens. Only the hash of a token is stored. The token is shown once, when it is created.
CREATE TABLE token (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  -- Name of the owner, and the permission: 'publish:<namespace>'.
  owner TEXT NOT NULL,
  scope TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  expires_ms BIGINT NOT NULL,
  used_ms BIGINT,
  revoked_ms BIGINT
);
