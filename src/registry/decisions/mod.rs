//! Decisions of the registry: what may be published, who may sign in, who may do what. This module uses no
//! HTTP, SQL or clock.

mod account;
pub(super) mod cursor;
mod provider;
mod publish;
mod search_terms;
mod token;

pub(super) use account::{
    SIGN_IN_LINK_MS, Secret, UserSession, parse_name, parse_user_and_team, read_signed, sign_with_expiry,
};
pub(super) use provider::{Identity, PendingSignIn, ProviderMetadata, identity_from_id_token};
pub(super) use publish::{MAX_TEXT_BYTES, PublishRefusal, prepare_version, previous_version};
pub(super) use search_terms::{MAX_VALUE_CHARS, label_value, search_terms, topics_with_labels};
pub(super) use token::{
    AccessToken, TokenDenial, TokenGrant, hash_from_authorization, may_publish, scope_of,
};
