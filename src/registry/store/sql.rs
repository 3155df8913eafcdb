//! SQL statements, shared by both databases except for searching. A test prepares each one on each database.
//! The table `person` contains the users.

/// Columns of a version.
macro_rules! version_columns {
    () => {
        "kind, namespace, slug, version, sha256, title, summary, stage, owner, published_ms, published_by, note, yanked_ms, \
         yank_message"
    };
}

/// Columns of a name.
macro_rules! name_columns {
    () => {
        "it.id, it.kind, it.namespace, it.slug, it.version, it.sha256, it.title, it.summary, it.stage, it.owner, \
         it.versions, it.changed_ms, it.yanked_ms, it.retired_ms, it.retire_message, it.successor"
    };
}

/// Does nothing if the text exists.
pub(super) const ADD_BLOB: &str =
    "INSERT INTO blob (sha256, text) VALUES ($1, $2) ON CONFLICT (sha256) DO NOTHING";

/// Does nothing if the name exists.
pub(super) const CLAIM_NAME: &str = "INSERT INTO name \
    (kind, namespace, slug, version, sha256, title, summary, stage, owner, versions, changed_ms) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10) ON CONFLICT (namespace, slug) DO NOTHING";

/// Id and kind of a name.
pub(super) const NAME: &str = "SELECT id, kind FROM name WHERE namespace = $1 AND slug = $2";
/// The same with a row lock for a change. SQLite has only one writer and needs none.
pub(super) const NAME_FOR_UPDATE: &str =
    concat!("SELECT id, kind FROM name WHERE namespace = $1 AND slug = $2", " FOR UPDATE");

/// Does nothing if the version exists.
pub(super) const ADD_VERSION: &str = "INSERT INTO version \
    (kind, namespace, slug, version, sort_key, sha256, title, summary, stage, owner, published_ms, published_by, note) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
    ON CONFLICT (kind, namespace, slug, version) DO NOTHING";

/// Updates a name with its newest version. Versions that are not yanked come first, then releases before
/// pre-releases.
pub(super) const REFRESH_NAME: &str = "UPDATE name SET (version, sha256, title, summary, stage, owner, yanked_ms) = \
    (SELECT it.version, it.sha256, it.title, it.summary, it.stage, it.owner, it.yanked_ms FROM version AS it \
     WHERE it.kind = $2 AND it.namespace = $3 AND it.slug = $4 \
     ORDER BY CASE WHEN it.yanked_ms IS NULL THEN 0 ELSE 1 END, CASE WHEN it.sort_key LIKE '%~' THEN 0 ELSE 1 END, \
     it.sort_key DESC LIMIT 1), \
    versions = (SELECT COUNT(*) FROM version AS it WHERE it.kind = $2 AND it.namespace = $3 AND it.slug = $4), \
    changed_ms = CASE WHEN changed_ms < $5 THEN $5 ELSE changed_ms END WHERE id = $1";

/// Digest of the version that a name shows.
pub(super) const SHOWN_DIGEST: &str = "SELECT sha256 FROM name WHERE id = $1";

pub(super) const DELETE_LABELS: &str = "DELETE FROM label WHERE name_id = $1";
pub(super) const ADD_LABEL: &str =
    "INSERT INTO label (name_id, label) VALUES ($1, $2) ON CONFLICT DO NOTHING";

/// Search words of a name: id, name, title, summary, other words.
pub(super) const DELETE_WORDS_SQLITE: &str = "DELETE FROM name_words WHERE rowid = $1";
pub(super) const ADD_WORDS_SQLITE: &str =
    "INSERT INTO name_words (rowid, name, title, summary, body) VALUES ($1, $2, $3, $4, $5)";
pub(super) const SET_WORDS_POSTGRES: &str = "UPDATE name SET words = setweight(to_tsvector('simple', $2), 'A') \
    || setweight(to_tsvector('simple', $3), 'A') || setweight(to_tsvector('simple', $4), 'B') \
    || setweight(to_tsvector('simple', $5), 'D') WHERE id = $1";

/// Number that grows with each change.
pub(super) const CHANGE: &str = "SELECT number FROM change";
pub(super) const CHANGED: &str = "UPDATE change SET number = number + 1";

pub(super) const DIGEST_OF_VERSION: &str =
    "SELECT sha256 FROM version WHERE kind = $1 AND namespace = $2 AND slug = $3 AND version = $4";

/// A name has one kind, but the index begins with the kind.
pub(super) const VERSIONS: &str = concat!(
    "SELECT ",
    version_columns!(),
    " FROM version WHERE kind IN ('guideline', 'standard') AND namespace = $1 AND slug = $2 ORDER BY sort_key"
);

/// One version.
pub(super) const ONE_VERSION: &str = concat!(
    "SELECT ",
    version_columns!(),
    " FROM version WHERE kind = $1 AND namespace = $2 AND slug = $3 AND version = $4"
);

/// Names; [`super::list`] adds the conditions.
pub(super) const NAMES: &str = concat!("SELECT ", name_columns!(), " FROM name AS it WHERE ");
/// The same for a search in SQLite. CROSS JOIN makes SQLite search the words first, not once per name.
pub(super) const NAMES_BY_WORDS_SQLITE: &str = concat!(
    "SELECT ",
    name_columns!(),
    " FROM name_words CROSS JOIN name AS it ON it.id = name_words.rowid WHERE "
);

/// The same for a search in PostgreSQL, which ranks only a part of the matches.
pub(super) const NAMES_BY_WORDS_POSTGRES: &str =
    concat!("SELECT ", name_columns!(), " FROM (SELECT it.* FROM name AS it WHERE ");

/// One name.
pub(super) const ONE_NAME: &str =
    concat!("SELECT ", name_columns!(), " FROM name AS it WHERE it.namespace = $1 AND it.slug = $2");

/// Names with a label, in order.
pub(super) const NAMES_WITH_LABEL: &str = concat!(
    "SELECT ",
    name_columns!(),
    " FROM label JOIN name AS it ON it.id = label.name_id WHERE label.label = $1 \
     ORDER BY it.namespace, it.slug LIMIT $2"
);

/// Number of names per label, for labels from $1 up to but not including $2, the most common first.
pub(super) const LABELS: &str = "SELECT label, COUNT(*) FROM label WHERE label >= $1 AND label < $2 \
    GROUP BY label ORDER BY 2 DESC, 1 LIMIT $3";

/// Namespaces after $1 with their number of guidelines and standards.
pub(super) const NAMESPACES: &str = "SELECT namespace, SUM(CASE WHEN kind = 'guideline' THEN 1 ELSE 0 END), \
    SUM(CASE WHEN kind = 'standard' THEN 1 ELSE 0 END), MAX(changed_ms) FROM name WHERE namespace > $1 \
    GROUP BY namespace ORDER BY namespace LIMIT $2";

/// Number of names of each kind.
pub(super) const COUNTS: &str = "SELECT kind, COUNT(*) FROM name GROUP BY kind";

/// Recently published versions.
pub(super) const RECENT: &str = concat!(
    "SELECT ",
    version_columns!(),
    " FROM version WHERE ($1 = '' OR namespace = $1) ORDER BY seq DESC LIMIT $2"
);

pub(super) const TEXT: &str = "SELECT text FROM blob WHERE sha256 = $1";

pub(super) const YANK: &str = "UPDATE version SET yanked_ms = $5, yank_message = $6 \
    WHERE kind = $1 AND namespace = $2 AND slug = $3 AND version = $4";

pub(super) const RETIRE: &str = "UPDATE name SET retired_ms = $3, retire_message = $4, successor = $5, \
    changed_ms = CASE WHEN changed_ms < $6 THEN $6 ELSE changed_ms END WHERE namespace = $1 AND slug = $2";

pub(super) const PING: &str = "SELECT 1";

pub(super) const ADD_TOKEN: &str = "INSERT INTO token (hash, owner, scope, created_ms, expires_ms, person_id) VALUES ($1, $2, $3, $4, $5, $6)";

/// Adds nothing if the user is not in the team that owns the namespace.
pub(super) const ADD_TOKEN_OF_MEMBER: &str = "INSERT INTO token (hash, owner, scope, created_ms, expires_ms, person_id) \
    SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS BIGINT), CAST($5 AS BIGINT), CAST($6 AS BIGINT) \
    WHERE EXISTS (SELECT 1 FROM member JOIN namespace ON namespace.team_id = member.team_id \
    WHERE member.person_id = CAST($6 AS BIGINT) AND 'publish:' || namespace.name = CAST($3 AS TEXT))";
/// Tokens of locked users are not found.
pub(super) const TOKEN: &str = "SELECT owner, scope, expires_ms, revoked_ms FROM token WHERE hash = $1 \
    AND NOT EXISTS (SELECT 1 FROM person WHERE person.id = token.person_id AND person.locked_ms IS NOT NULL)";

pub(super) const TOKEN_USED: &str = "UPDATE token SET used_ms = $2 WHERE hash = $1";

/// Revokes all tokens of an owner: after a loss, the owner may not know which one is affected.
pub(super) const REVOKE: &str = "UPDATE token SET revoked_ms = $2 WHERE owner = $1 AND revoked_ms IS NULL";

pub(super) const TOKENS: &str = "SELECT id, scope, created_ms, expires_ms, used_ms, revoked_ms FROM token \
    WHERE person_id = $1 ORDER BY id DESC LIMIT 200";
pub(super) const REVOKE_ONE: &str =
    "UPDATE token SET revoked_ms = $3 WHERE id = $1 AND person_id = $2 AND revoked_ms IS NULL";

pub(super) const ADD_PERSON: &str =
    "INSERT INTO person (name, created_ms) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
pub(super) const ADD_PERSON_OF_PROVIDER: &str =
    "INSERT INTO person (name, issuer, subject, created_ms) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
pub(super) const PERSON_BY_SUBJECT: &str = "SELECT id FROM person WHERE issuer = $1 AND subject = $2";
pub(super) const PERSON_BY_NAME: &str = "SELECT id FROM person WHERE name = $1";
pub(super) const PERSON: &str = "SELECT name FROM person WHERE id = $1";
pub(super) const ADD_TEAM: &str = "INSERT INTO team (name) VALUES ($1) ON CONFLICT (name) DO NOTHING";
pub(super) const TEAM_BY_NAME: &str = "SELECT id FROM team WHERE name = $1";
pub(super) const ADD_MEMBER: &str =
    "INSERT INTO member (team_id, person_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
pub(super) const TEAM_MEMBERS: &str = "SELECT team.id, team.name, person.id, person.name FROM member AS own \
    JOIN member AS other ON other.team_id = own.team_id JOIN team ON team.id = own.team_id \
    JOIN person ON person.id = other.person_id WHERE own.person_id = $1 ORDER BY team.name, person.name LIMIT 1000";
/// Changes nothing, but locks the row of the team.
pub(super) const LOCK_TEAM: &str = "UPDATE team SET name = name WHERE id = $1";
/// Locks the row of the team that owns the namespace of a scope.
pub(super) const LOCK_TEAM_OF_SCOPE: &str = "UPDATE team SET name = name WHERE id IN \
    (SELECT team_id FROM namespace WHERE 'publish:' || namespace.name = $1)";
pub(super) const MEMBERS_OF_TEAM: &str = "SELECT person_id FROM member WHERE team_id = $1";
pub(super) const TEAM_OF_NAMESPACE: &str = "SELECT team_id FROM namespace WHERE name = $1";
pub(super) const END_LINKS_OF_TEAM: &str = "UPDATE sign_in_link SET used_ms = $3 WHERE made_by = $2 AND used_ms IS NULL \
    AND person_id IN (SELECT person_id FROM member WHERE team_id = $1)";
pub(super) const REMOVE_MEMBER: &str = "DELETE FROM member WHERE team_id = $1 AND person_id = $2";
/// A namespace belongs to one team, so tokens for namespaces of other teams are not affected.
pub(super) const REVOKE_OF_TEAM: &str = "UPDATE token SET revoked_ms = $3 WHERE person_id = $2 AND revoked_ms IS NULL \
    AND scope IN (SELECT 'publish:' || name FROM namespace WHERE team_id = $1)";
pub(super) const TEAMS_OF: &str = "SELECT team.id, team.name FROM member JOIN team ON team.id = member.team_id \
    WHERE member.person_id = $1 ORDER BY team.name";
pub(super) const NAMESPACES_OF: &str = "SELECT namespace.name FROM member \
    JOIN namespace ON namespace.team_id = member.team_id WHERE member.person_id = $1 ORDER BY namespace.name";
/// Adds nothing if the namespace belongs to a team or contains published texts.
pub(super) const CLAIM_NAMESPACE: &str = "INSERT INTO namespace (name, team_id) SELECT $1, $2 \
    WHERE NOT EXISTS (SELECT 1 FROM name WHERE namespace = $1) ON CONFLICT (name) DO NOTHING";

pub(super) const ADD_LINK: &str =
    "INSERT INTO sign_in_link (hash, person_id, expires_ms, made_by) VALUES ($1, $2, $3, $4)";
pub(super) const USE_LINK: &str =
    "UPDATE sign_in_link SET used_ms = $2 WHERE hash = $1 AND used_ms IS NULL AND expires_ms > $2";
pub(super) const PERSON_OF_LINK: &str = "SELECT person_id FROM sign_in_link WHERE hash = $1";
/// Adds nothing if the user is locked.
pub(super) const ADD_SESSION: &str = "INSERT INTO session (hash, person_id, agent, created_ms, seen_ms) \
    SELECT $1, id, $3, $4, $4 FROM person WHERE id = $2 AND locked_ms IS NULL";
/// Sessions of locked users are not found, even if one began while the user was being locked.
pub(super) const SESSION: &str = "SELECT id, person_id, agent, created_ms, seen_ms, ended_ms FROM session \
    WHERE hash = $1 AND NOT EXISTS (SELECT 1 FROM person WHERE person.id = session.person_id \
    AND person.locked_ms IS NOT NULL)";
pub(super) const SESSIONS: &str = "SELECT id, person_id, agent, created_ms, seen_ms, ended_ms FROM session \
    WHERE person_id = $1 AND ended_ms IS NULL ORDER BY id DESC LIMIT 100";
pub(super) const SESSION_SEEN: &str = "UPDATE session SET seen_ms = $2 WHERE id = $1";
pub(super) const END_SESSION: &str =
    "UPDATE session SET ended_ms = $3 WHERE id = $1 AND person_id = $2 AND ended_ms IS NULL";

/// Statements for both databases, for the test.
#[cfg(test)]
pub(super) const ALL: [&str; 57] = [
    ADD_PERSON_OF_PROVIDER,
    PERSON_BY_SUBJECT,
    CHANGE,
    CHANGED,
    ADD_BLOB,
    CLAIM_NAME,
    NAME,
    ADD_VERSION,
    REFRESH_NAME,
    SHOWN_DIGEST,
    DELETE_LABELS,
    ADD_LABEL,
    DIGEST_OF_VERSION,
    VERSIONS,
    ONE_VERSION,
    ONE_NAME,
    NAMES_WITH_LABEL,
    LABELS,
    NAMESPACES,
    COUNTS,
    RECENT,
    TEXT,
    YANK,
    RETIRE,
    PING,
    ADD_TOKEN,
    ADD_TOKEN_OF_MEMBER,
    TOKEN,
    TOKEN_USED,
    REVOKE,
    TOKENS,
    REVOKE_ONE,
    ADD_PERSON,
    PERSON_BY_NAME,
    PERSON,
    ADD_TEAM,
    TEAM_BY_NAME,
    ADD_MEMBER,
    TEAM_MEMBERS,
    LOCK_TEAM,
    LOCK_TEAM_OF_SCOPE,
    MEMBERS_OF_TEAM,
    REMOVE_MEMBER,
    TEAM_OF_NAMESPACE,
    END_LINKS_OF_TEAM,
    REVOKE_OF_TEAM,
    TEAMS_OF,
    NAMESPACES_OF,
    ADD_LINK,
    USE_LINK,
    PERSON_OF_LINK,
    ADD_SESSION,
    SESSION,
    SESSIONS,
    SESSION_SEEN,
    END_SESSION,
    CLAIM_NAMESPACE,
];
/// Statements for one database.
#[cfg(test)]
pub(super) const OF_SQLITE: [&str; 2] = [DELETE_WORDS_SQLITE, ADD_WORDS_SQLITE];
#[cfg(test)]
pub(super) const OF_POSTGRES: [&str; 2] = [NAME_FOR_UPDATE, SET_WORDS_POSTGRES];
