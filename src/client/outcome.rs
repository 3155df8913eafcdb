//! Results and errors of requests to a registry.

/// Error of a request: a sentence without the name of the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RequestError(pub(super) String);

/// Outcome of publishing a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubmitOutcome {
    /// It was published by this request.
    New {
        /// Note of the registry about the version number.
        note: Option<String>,
    },
    /// The same text had already been published.
    AlreadyPublished,
}

/// Error on publishing a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishError {
    /// Sentences: the first describes the error, further ones point to lines of the text.
    pub messages: Vec<String>,
    /// Whether publishing other texts would fail too: the registry cannot be reached, or the token is
    /// invalid.
    pub affects_all: bool,
}
