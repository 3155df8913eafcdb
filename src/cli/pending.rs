//! Stand-ins for rooms that are being built beside this one, with the agreed signatures.
//!
//! To be replaced by `crate::format`, `crate::engine` and `crate::verify`; then this file goes.

/// `crate::format`
pub(super) mod format {
    use crate::model::{Guideline, Origin, Problem};
    use std::sync::Arc;

    /// Reads a file that belongs to a guideline, by its path relative to the guideline's own folder.
    pub(crate) type Asset<'a> = dyn Fn(&str) -> Result<String, String> + 'a;

    /// `stanchion.toml`, validated.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct Config {
        pub(crate) follow: Vec<String>,
    }

    pub(crate) fn parse(
        file: &str,
        text: &str,
        _origin: Origin,
        _asset: &Asset<'_>,
    ) -> Result<Guideline, Vec<Problem>> {
        Err(vec![Problem {
            file: Arc::from(file),
            text: Arc::from(text),
            span: crate::text::Span::at(0),
            message: "guideline files cannot be read yet".to_owned(),
            label: String::new(),
            help: None,
        }])
    }

    pub(crate) fn starter() -> Vec<Arc<Guideline>> {
        Vec::new()
    }

    #[expect(clippy::unnecessary_wraps, reason = "the agreed signature")]
    pub(crate) fn parse_config(_file: &str, _text: &str) -> Result<Config, Vec<Problem>> {
        Ok(Config { follow: vec!["starter".to_owned()] })
    }

    pub(crate) fn scaffold(id: &crate::model::GuidelineId, kind: &str) -> String {
        format!("---\nguideline: {id}\n# {kind}\n---\n")
    }

    pub(crate) fn guideline_schema() -> serde_json::Value {
        serde_json::json!({})
    }

    pub(crate) fn config_schema() -> serde_json::Value {
        serde_json::json!({})
    }
}
