//! Settings of guidelines: any value by name; whether it fits is the guideline's to say.

use super::Setting;
use crate::data::Kind;
use crate::format::source::{Document, keys};
use crate::model::{GuidelineId, Problem};

/// The settings, in the order of the file.
pub(super) fn read(document: &Document<'_>, problems: &mut Vec<Problem>) -> Vec<Setting> {
    let mut all = Vec::new();
    let Some((_, node)) = document.root.locate(&keys(&["settings"])) else { return all };
    let Kind::Object(guidelines) = &node.kind else { return all };
    for member in guidelines {
        let guideline = match GuidelineId::new(&member.key) {
            Ok(guideline) => guideline,
            Err(message) => {
                let help = Some("as in [settings.\"naming/file-names\"]".to_owned());
                problems.push(document.source.problem(
                    member.key_span,
                    message,
                    "not a guideline's id",
                    help,
                ));
                continue;
            }
        };
        let Kind::Object(settings) = &member.value.kind else { continue };
        all.extend(settings.iter().map(|setting| Setting {
            guideline: guideline.clone(),
            name: setting.key.clone(),
            value: setting.value.to_json(),
            key: setting.key_span,
            at: setting.value.span,
        }));
    }
    all
}
