//! What came of asking.

/// Why there is no answer: a sentence that begins with what the registry did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble(pub(super) String);

/// What became of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It is published now.
    New {
        /// What the registry notes about its number.
        note: Option<String>,
    },
    /// The very same was published before.
    Same,
}

/// Why a text was not published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Sentences: the first says it all, others say where in the text.
    pub words: Vec<String>,
    /// Whether any other text would fare alike: nobody answers, or the key is none.
    pub for_all: bool,
}
