//! Connects our languages to the grammars of tree-sitter and ast-grep.
//!
//! ast-grep provides most languages; the missing ones are added here with the same traits.

use std::borrow::Cow;
use std::path::Path;

use ast_grep_core::matcher::{Pattern, PatternBuilder, PatternError};
use ast_grep_core::meta_var::MetaVariable;
use ast_grep_core::tree_sitter::{LanguageExt, StrDoc, TSLanguage};
use ast_grep_language::{Language as AstGrepLanguage, SupportLang};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::Language;

/// A language with its grammar, which implements the traits of ast-grep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Grammar(pub Language);

/// Source of a grammar.
enum GrammarSource {
    AstGrep(SupportLang),
    Custom(CustomGrammar),
}

/// A grammar that ast-grep lacks, with the character that replaces `$` in patterns.
#[derive(Clone)]
struct CustomGrammar {
    language: TSLanguage,
    expando: char,
}

impl AstGrepLanguage for CustomGrammar {
    fn kind_to_id(&self, kind: &str) -> u16 {
        self.language.id_for_node_kind(kind, true)
    }

    fn field_to_id(&self, field: &str) -> Option<u16> {
        self.language.field_id_for_name(field).map(std::num::NonZero::get)
    }

    fn expando_char(&self) -> char {
        self.expando
    }

    fn pre_process_pattern<'q>(&self, query: &'q str) -> Cow<'q, str> {
        with_expando(query, self.expando)
    }

    fn build_pattern(&self, builder: &PatternBuilder) -> Result<Pattern, PatternError> {
        builder.build(|src| StrDoc::try_new(src, self.clone()))
    }
}

impl LanguageExt for CustomGrammar {
    fn get_ts_language(&self) -> TSLanguage {
        self.language.clone()
    }
}

impl Grammar {
    fn source(self) -> GrammarSource {
        use Language as L;
        GrammarSource::AstGrep(match self.0 {
            L::Dockerfile => {
                return GrammarSource::Custom(CustomGrammar {
                    language: tree_sitter_containerfile::LANGUAGE.into(),
                    expando: '$',
                });
            }
            L::Sql => {
                return GrammarSource::Custom(CustomGrammar {
                    language: tree_sitter_sequel::LANGUAGE.into(),
                    expando: 'µ',
                });
            }
            L::Toml => {
                return GrammarSource::Custom(CustomGrammar {
                    language: tree_sitter_toml_ng::LANGUAGE.into(),
                    expando: '_',
                });
            }
            L::Bash => SupportLang::Bash,
            L::C => SupportLang::C,
            L::Cpp => SupportLang::Cpp,
            L::CSharp => SupportLang::CSharp,
            L::Css => SupportLang::Css,
            L::Go => SupportLang::Go,
            L::Hcl => SupportLang::Hcl,
            L::Html => SupportLang::Html,
            L::Java => SupportLang::Java,
            L::JavaScript => SupportLang::JavaScript,
            L::Json => SupportLang::Json,
            L::Kotlin => SupportLang::Kotlin,
            L::Markdown => SupportLang::Markdown,
            L::Php => SupportLang::Php,
            L::Python => SupportLang::Python,
            L::Ruby => SupportLang::Ruby,
            L::Rust => SupportLang::Rust,
            L::Tsx => SupportLang::Tsx,
            L::TypeScript => SupportLang::TypeScript,
            L::Yaml => SupportLang::Yaml,
        })
    }

    /// Whether files of this language may contain code of other languages that ast-grep extracts.
    pub fn may_embed(self) -> bool {
        self.0 == Language::Html
    }

    /// Returns the grammar for the language name of an embedded block (`js`, `css`, …), if it is supported.
    pub fn from_embedded_name(name: &str) -> Option<Self> {
        let name = if name == "scss" { "css" } else { name };
        Language::from_name(name).map(Self)
    }
}

impl AstGrepLanguage for Grammar {
    fn kind_to_id(&self, kind: &str) -> u16 {
        match self.source() {
            GrammarSource::AstGrep(lang) => lang.kind_to_id(kind),
            GrammarSource::Custom(custom) => custom.kind_to_id(kind),
        }
    }

    fn field_to_id(&self, field: &str) -> Option<u16> {
        match self.source() {
            GrammarSource::AstGrep(lang) => lang.field_to_id(field),
            GrammarSource::Custom(custom) => custom.field_to_id(field),
        }
    }

    fn meta_var_char(&self) -> char {
        match self.source() {
            GrammarSource::AstGrep(lang) => lang.meta_var_char(),
            GrammarSource::Custom(custom) => custom.meta_var_char(),
        }
    }

    fn expando_char(&self) -> char {
        match self.source() {
            GrammarSource::AstGrep(lang) => lang.expando_char(),
            GrammarSource::Custom(custom) => custom.expando,
        }
    }

    fn extract_meta_var(&self, source: &str) -> Option<MetaVariable> {
        match self.source() {
            GrammarSource::AstGrep(lang) => lang.extract_meta_var(source),
            GrammarSource::Custom(custom) => custom.extract_meta_var(source),
        }
    }

    fn pre_process_pattern<'q>(&self, query: &'q str) -> Cow<'q, str> {
        match self.source() {
            GrammarSource::AstGrep(lang) => lang.pre_process_pattern(query),
            GrammarSource::Custom(custom) => custom.pre_process_pattern(query),
        }
    }

    fn build_pattern(&self, builder: &PatternBuilder) -> Result<Pattern, PatternError> {
        match self.source() {
            GrammarSource::AstGrep(lang) => lang.build_pattern(builder),
            GrammarSource::Custom(custom) => custom.build_pattern(builder),
        }
    }

    fn from_path<P: AsRef<Path>>(path: P) -> Option<Self> {
        crate::model::language_of(path.as_ref().to_str()?.as_bytes()).map(Self)
    }
}

/// Replaces each `$` that begins a metavariable by `expando`, as ast-grep does for its own languages
/// (`ast-grep-language`, `pre_process_pattern`).
fn with_expando(query: &str, expando: char) -> Cow<'_, str> {
    if expando == '$' || !query.contains('$') {
        return Cow::Borrowed(query);
    }
    let mut out = String::with_capacity(query.len() + 8);
    let mut dollars = 0;
    for character in query.chars() {
        if character == '$' {
            dollars += 1;
            continue;
        }
        let variable = matches!(character, 'A'..='Z' | '_') || dollars == 3;
        out.extend(std::iter::repeat_n(if variable { expando } else { '$' }, dollars));
        dollars = 0;
        out.push(character);
    }
    out.extend(std::iter::repeat_n(if dollars == 3 { expando } else { '$' }, dollars));
    Cow::Owned(out)
}

impl LanguageExt for Grammar {
    fn get_ts_language(&self) -> TSLanguage {
        match self.source() {
            GrammarSource::AstGrep(lang) => lang.get_ts_language(),
            GrammarSource::Custom(custom) => custom.language,
        }
    }

    fn injectable_languages(&self) -> Option<&'static [&'static str]> {
        match self.source() {
            GrammarSource::AstGrep(lang) => lang.injectable_languages(),
            GrammarSource::Custom(..) => None,
        }
    }

    fn extract_injections<L: LanguageExt>(
        &self,
        root: ast_grep_core::Node<StrDoc<L>>,
    ) -> Vec<(String, Vec<ast_grep_core::tree_sitter::TSRange>)> {
        match self.source() {
            GrammarSource::AstGrep(lang) => lang.extract_injections(root),
            GrammarSource::Custom(..) => Vec::new(),
        }
    }
}

impl Serialize for Grammar {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Grammar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Language::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_a_grammar_that_parses() {
        for &language in Language::ALL {
            let grammar = Grammar(language);
            let mut parser = tree_sitter::Parser::new();
            parser.set_language(&grammar.get_ts_language()).expect("an ABI that tree-sitter reads");
            assert!(parser.parse("a", None).is_some(), "{}", language.name());
        }
    }

    #[test]
    fn extensions_agree_with_ast_grep() {
        for &language in Language::ALL {
            let GrammarSource::AstGrep(theirs) = Grammar(language).source() else { continue };
            for extension in language.extensions() {
                let path = format!("x.{extension}");
                assert_eq!(SupportLang::from_path(&path), Some(theirs), "{path}");
            }
            for alias in language.aliases().iter().chain([&language.name()]) {
                if let Ok(lang) = alias.parse::<SupportLang>() {
                    assert_eq!(lang, theirs, "{alias}");
                }
            }
        }
    }
}
