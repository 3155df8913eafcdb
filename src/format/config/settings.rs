//! The tables `settings` of `stanchion.toml`. Values are not checked here: each guideline declares its
//! settings.

use super::Setting;
use crate::data::NodeKind;
use crate::format::source::{LocatedDocument, pointer_to};
use crate::model::{GuidelineId, Problem};

/// Reads the settings, in the order of the file.
pub(super) fn read_settings(document: &LocatedDocument<'_>, problems: &mut Vec<Problem>) -> Vec<Setting> {
    let mut all = Vec::new();
    let Some((_, node)) = document.root.locate(&pointer_to(&["settings"])) else { return all };
    let NodeKind::Object(guidelines) = &node.kind else { return all };
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
        let NodeKind::Object(settings) = &member.value.kind else { continue };
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
