-- Published versions. A version is never changed or deleted; only its yank can be set and removed.
CREATE TABLE blob (
  sha256 TEXT PRIMARY KEY,
  text TEXT NOT NULL
);

CREATE TABLE version (
  seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('guideline', 'standard')),
  namespace TEXT COLLATE "C" NOT NULL,
  slug TEXT COLLATE "C" NOT NULL,
  version TEXT NOT NULL,
  -- Sorts in version order: numbers have equal length, and a release sorts after its pre-releases.
  sort_key TEXT COLLATE "C" NOT NULL,
  sha256 TEXT NOT NULL REFERENCES blob (sha256),
  title TEXT NOT NULL,
  summary TEXT NOT NULL,
  stage TEXT NOT NULL,
  owner TEXT NOT NULL,
  published_ms BIGINT NOT NULL,
  published_by TEXT NOT NULL,
  -- Note for readers about the version number.
  note TEXT,
  yanked_ms BIGINT,
  yank_message TEXT,
  UNIQUE (kind, namespace, slug, version)
);
CREATE INDEX version_by_name ON version (kind, namespace, slug, sort_key);

CREATE FUNCTION stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'version' THEN
    -- Only the columns of the yank may change.
    IF to_jsonb(NEW) - 'yanked_ms' - 'yank_message' = to_jsonb(OLD) - 'yanked_ms' - 'yank_message' THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'published versions and texts are immutable';
END
$$;
CREATE TRIGGER blob_stays BEFORE UPDATE OR DELETE ON blob FOR EACH ROW EXECUTE FUNCTION stays();
CREATE TRIGGER version_stays BEFORE UPDATE OR DELETE ON version FOR EACH ROW EXECUTE FUNCTION stays();
CREATE TRIGGER blob_is_kept BEFORE TRUNCATE ON blob FOR EACH STATEMENT EXECUTE FUNCTION stays();
CREATE TRIGGER version_is_kept BEFORE TRUNCATE ON version FOR EACH STATEMENT EXECUTE FUNCTION stays();
