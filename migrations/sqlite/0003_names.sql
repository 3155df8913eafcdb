-- One row per name, with the data of the version that lists and searches show: the newest one, preferring
-- versions that are not yanked, then releases. Updated in the transaction that changes a version.
CREATE TABLE name (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  namespace TEXT NOT NULL,
  slug TEXT NOT NULL,
  -- Permanent: a name never changes its kind.
  kind TEXT NOT NULL CHECK (kind IN ('guideline', 'standard')),
  version TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  title TEXT NOT NULL,
  summary TEXT NOT NULL,
  stage TEXT NOT NULL,
  owner TEXT NOT NULL,
  versions INTEGER NOT NULL,
  changed_ms INTEGER NOT NULL,
  yanked_ms INTEGER,
  -- Set when the name is retired (no longer advised). The successor is advised instead; it is optional.
  retired_ms INTEGER,
  retire_message TEXT,
  successor TEXT,
  UNIQUE (namespace, slug)
) STRICT;
CREATE INDEX name_by_kind ON name (kind, namespace, slug);
CREATE INDEX name_by_change ON name (kind, changed_ms, id);

-- Labels for filters: 'stage:trial', 'topic:security', 'language:python', 'fix:yes', 'member:acme/logs'.
CREATE TABLE label (
  name_id INTEGER NOT NULL REFERENCES name (id),
  label TEXT NOT NULL,
  PRIMARY KEY (name_id, label)
) STRICT, WITHOUT ROWID;
CREATE INDEX label_by_label ON label (label, name_id);

CREATE VIRTUAL TABLE name_words USING fts5 (
  name, title, summary, body, content = '', contentless_delete = 1, tokenize = "unicode61 remove_diacritics 2", prefix = '2 3'
);

-- One row with a number that grows with each change. Cached data is valid as long as the number is the same.
CREATE TABLE change (number INTEGER NOT NULL) STRICT;
INSERT INTO change (number) VALUES (1);
