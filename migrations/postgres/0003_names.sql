-- Each name once, with what lists and searches show of it: its newest version that stands. Kept in the same transaction as versions.
CREATE TABLE name (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  namespace TEXT COLLATE "C" NOT NULL,
  slug TEXT COLLATE "C" NOT NULL,
  -- A name is a guideline's or a standard's, for ever.
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
  -- No longer advised, and what is advised instead.
  retired_ms BIGINT,
  retire_message TEXT,
  successor TEXT,
  words TSVECTOR NOT NULL DEFAULT '',
  UNIQUE (namespace, slug)
);
CREATE INDEX name_by_kind ON name (kind, namespace, slug);
CREATE INDEX name_by_change ON name (kind, changed_ms, id);
CREATE INDEX name_by_words ON name USING GIN (words);

-- What a name can be filtered by: 'stage:trial', 'topic:security', 'language:python', 'fix:yes', 'member:acme/logs'.
CREATE TABLE label (
  name_id BIGINT NOT NULL REFERENCES name (id),
  label TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (name_id, label)
);
CREATE INDEX label_by_label ON label (label, name_id);

-- One row, with a number that grows with each change: what was read under one number is the same while it is that number.
CREATE TABLE change (number BIGINT NOT NULL);
INSERT INTO change (number) VALUES (1);
