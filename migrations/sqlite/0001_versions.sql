-- Published versions. A version is never changed or deleted; only its yank can be set and removed.
CREATE TABLE blob (
  sha256 TEXT PRIMARY KEY,
  text TEXT NOT NULL
) STRICT;

CREATE TABLE version (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL CHECK (kind IN ('guideline', 'standard')),
  namespace TEXT NOT NULL,
  slug TEXT NOT NULL,
  version TEXT NOT NULL,
  -- Sorts in version order: numbers have equal length, and a release sorts after its pre-releases.
  sort_key TEXT NOT NULL,
  sha256 TEXT NOT NULL REFERENCES blob (sha256),
  title TEXT NOT NULL,
  summary TEXT NOT NULL,
  stage TEXT NOT NULL,
  owner TEXT NOT NULL,
  published_ms INTEGER NOT NULL,
  published_by TEXT NOT NULL,
  -- Note for readers about the version number.
  note TEXT,
  yanked_ms INTEGER,
  yank_message TEXT,
  UNIQUE (kind, namespace, slug, version)
) STRICT;
CREATE INDEX version_by_name ON version (kind, namespace, slug, sort_key);

CREATE TRIGGER blob_stays BEFORE UPDATE ON blob BEGIN SELECT RAISE(ABORT, 'published texts are immutable'); END;
CREATE TRIGGER blob_is_kept BEFORE DELETE ON blob BEGIN SELECT RAISE(ABORT, 'published texts are immutable'); END;
CREATE TRIGGER version_is_kept BEFORE DELETE ON version BEGIN SELECT RAISE(ABORT, 'published versions are immutable'); END;
CREATE TRIGGER version_stays BEFORE UPDATE OF seq, kind, namespace, slug, version, sort_key, sha256, title, summary, stage, owner, published_ms, published_by, note ON version
BEGIN SELECT RAISE(ABORT, 'published versions are immutable'); END;
