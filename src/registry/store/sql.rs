//! Every statement, the same for both databases. A test prepares each of them on each.

/// Nothing happens where the text is there.
pub(super) const ADD_BLOB: &str =
    "INSERT INTO blob (sha256, text) VALUES ($1, $2) ON CONFLICT (sha256) DO NOTHING";

/// Nothing happens where the version is there.
pub(super) const ADD_VERSION: &str = "INSERT INTO version \
    (kind, namespace, slug, version, sort_key, sha256, title, summary, stage, owner, published_ms, published_by) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
    ON CONFLICT (kind, namespace, slug, version) DO NOTHING";

pub(super) const DIGEST_OF_VERSION: &str =
    "SELECT sha256 FROM version WHERE kind = $1 AND namespace = $2 AND slug = $3 AND version = $4";

pub(super) const VERSIONS: &str = "SELECT namespace, slug, version, sha256, title, summary, stage, owner, published_ms, \
    published_by, yanked_ms, yank_message FROM version \
    WHERE kind = $1 AND namespace = $2 AND slug = $3 ORDER BY sort_key";

/// By seek: what lies before a page is not counted through.
pub(super) const NEWEST: &str = "SELECT namespace, slug, version, sha256, title, summary, stage, owner, published_ms, \
    published_by, yanked_ms, yank_message FROM version AS it \
    WHERE kind = $1 AND (namespace, slug) > ($2, $3) AND sort_key = (SELECT MAX(other.sort_key) FROM version AS other \
    WHERE other.kind = it.kind AND other.namespace = it.namespace AND other.slug = it.slug) \
    ORDER BY namespace, slug LIMIT $4";

/// By seek, too; a text is found anywhere in a name, title or summary, upper and lower case alike.
pub(super) const SEARCH: &str = "SELECT namespace, slug, version, sha256, title, summary, stage, owner, published_ms, \
    published_by, yanked_ms, yank_message FROM version AS it \
    WHERE kind = $1 AND (namespace, slug) > ($2, $3) AND sort_key = (SELECT MAX(other.sort_key) FROM version AS other \
    WHERE other.kind = it.kind AND other.namespace = it.namespace AND other.slug = it.slug) \
    AND LOWER(namespace || '/' || slug || ' ' || title || ' ' || summary) LIKE $5 ESCAPE '!' \
    ORDER BY namespace, slug LIMIT $4";

/// What was published last.
pub(super) const RECENT: &str = "SELECT namespace, slug, version, sha256, title, summary, stage, owner, published_ms, \
    published_by, yanked_ms, yank_message FROM version WHERE kind = $1 ORDER BY seq DESC LIMIT $2";

pub(super) const TEXT: &str = "SELECT text FROM blob WHERE sha256 = $1";

pub(super) const YANK: &str = "UPDATE version SET yanked_ms = $5, yank_message = $6 \
    WHERE kind = $1 AND namespace = $2 AND slug = $3 AND version = $4";

pub(super) const PING: &str = "SELECT 1";

pub(super) const ADD_TOKEN: &str =
    "INSERT INTO token (hash, owner, scope, created_ms, expires_ms) VALUES ($1, $2, $3, $4, $5)";

pub(super) const TOKEN: &str = "SELECT owner, scope, expires_ms, revoked_ms FROM token WHERE hash = $1";

pub(super) const TOKEN_USED: &str = "UPDATE token SET used_ms = $2 WHERE hash = $1";

/// All that somebody holds: whoever lost one does not know which.
pub(super) const REVOKE: &str = "UPDATE token SET revoked_ms = $2 WHERE owner = $1 AND revoked_ms IS NULL";

/// All of them, for the test.
#[cfg(test)]
pub(super) const ALL: [&str; 14] = [
    SEARCH,
    RECENT,
    ADD_BLOB,
    ADD_VERSION,
    DIGEST_OF_VERSION,
    VERSIONS,
    NEWEST,
    TEXT,
    YANK,
    PING,
    ADD_TOKEN,
    TOKEN,
    TOKEN_USED,
    REVOKE,
];
