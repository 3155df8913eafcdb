-- One row per name, with the data of the version that lists and searches show: the newest one, preferring
-- versions that are not yanked, then releases. Updated in the transaction that changes a version.
CREATE TABLE name (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  namespace TEXT COLLATE "C" NOT NULL,
  slug TEXT COLLATE "C" NOT NULL,
  -- Permanent: a name never changes its kind.
  kind TEXT NOT NULL CHECK (kind IN ('guideline', 'standard')),
  version TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  title TEXT NOT NULL,
  summary TEXT NOT NULL,
  stage TEXT NOT NULL,
  owner TEXT NOT NULL,
  versions BIGINT NOT NULL,
  changed_ms BIGINT NOT NULL,
  yanked_ms BIGINT,
  -- Set when the name is retired (no longer advised). The successor is advised instead; it is optional.
  retired_ms BIGINT,
  retire_message TEXT,
  successor TEXT,
  words TSVECTOR NOT NULL DEFAULT '',
  UNIQUE (namespace, slug)
);
CREATE INDEX name_by_kind ON name (kind, namespace, slug);
CREATE INDEX name_by_change ON name (kind, changed_ms, id);
CREATE INDEX name_by_words ON name USING GIN (words);

-- Labels for filters: 'stage:trial', 'topic:security', 'language:python', 'fix:yes', 'member:acme/logs'.
CREATE TABLE label (
  name_id BIGINT NOT NULL REFERENCES name (id),
  label TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (name_id, label)
);
CREATE INDEX label_by_label ON label (label, name_id);

-- One row with a number that grows with each change. Cached data is valid as long as the number is the same.
CREATE TABLE change (number BIGINT NOT NULL);
INSERT INTO change (number) VALUES (1);
