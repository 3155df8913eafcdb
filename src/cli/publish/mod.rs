//! `stanchion publish`: publishes guidelines and standards to a registry, permanently.

mod texts;
mod token;

use std::path::PathBuf;

use super::project::Project;
use super::terminal::Terminal;
use super::{Exit, Failure, root};
use crate::client::{
    CachedIndex, Publisher, RegistryClient, RegistryEntryKind, RegistryLocation, SubmitOutcome,
};
use crate::format::{RegistryPlace, registry_place};
use crate::report::escape::escape;
use crate::report::{Role, wrap};
use texts::Publication;

/// Publish guidelines and standards to a registry, permanently
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion publish --dry-run       show what would be published
  stanchion publish                 publish everything in ./guidelines
  stanchion publish guidelines/acme/logs.md
  stanchion publish --registry https://guidelines.example.org

A published version cannot be changed or removed. Publishing the same text again
has no effect; a different text needs a new version. All files must be valid,
and all examples must hold.

The token is read from --token-file, STANCHION_TOKEN or `git credential` (the
keyring of your system), in this order. The first two are not bound to an
address, so they are only sent to a registry that you name with --registry or
STANCHION_REGISTRY.")]
pub(super) struct Arguments {
    /// Files or folders with guidelines and standards [default: ./guidelines]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Address of the registry [default: STANCHION_REGISTRY, or the only URL of `registries` in
    /// stanchion.toml]
    #[arg(long, value_name = "URL")]
    registry: Option<String>,
    /// Validate the files and compare them with the registry, without publishing
    #[arg(long)]
    dry_run: bool,
    /// File that contains the token
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

/// Counts of results, for the summary.
#[derive(Default)]
struct PublishTally {
    new: usize,
    same: usize,
    refused: usize,
}

/// Publishes the files, or compares them with the registry.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let base = root::current_directory()?;
    let selection = root::locate(&base, &[])?;
    let RegistryAddress { url: registry, is_named } =
        find_registry(arguments.registry.as_deref(), &selection.root)?;
    let texts = texts::collect_publications(&base, &arguments.paths)?;
    if arguments.dry_run {
        return dry_run(&registry, &texts, terminal);
    }
    let file = arguments.token_file.as_deref().map(|file| base.join(file));
    let token = token::find_token(file.as_deref(), &registry, is_named)?;
    let publisher = Publisher::new(&registry, token);
    let mut tally = PublishTally::default();
    for (nth, text) in texts.iter().enumerate() {
        match publisher.publish(text.kind, &text.id, &text.version.to_string(), &text.content) {
            Ok(SubmitOutcome::New { note }) => {
                tally.new += 1;
                print_line(text, Role::Kept, "published", terminal)?;
                if let Some(note) = note {
                    let label = terminal.paint().text(Role::Note, "note:");
                    let line = format!("{label} {}", escape(&note));
                    terminal.print(&wrap(terminal.width, "  ", "        ", &line))?;
                }
            }
            Ok(SubmitOutcome::AlreadyPublished) => {
                tally.same += 1;
                print_line(text, Role::Faint, "already published", terminal)?;
            }
            Err(refused) => {
                tally.refused += 1;
                let message = format!("not published: {}", refused.messages.join("; "));
                print_line(text, Role::Warning, &message, terminal)?;
                if refused.affects_all {
                    let left = texts.len() - nth - 1;
                    return Err(stopped_failure(&registry, left));
                }
            }
        }
    }
    let text = match (tally.new, tally.refused) {
        (0, 0) => format!("{registry} already has every version."),
        (new, 0) => format!("Published {new} to {registry}, permanently; {} already published.", tally.same),
        (new, refused) => {
            format!("Published {new} to {registry}; {} already published, {refused} refused.", tally.same)
        }
    };
    terminal.print(&wrap(terminal.width, "", "  ", &escape(&text)))?;
    Ok(if tally.refused == 0 { Exit::Ran } else { Exit::Error })
}

fn stopped_failure(registry: &str, left: usize) -> Failure {
    let rest = match left {
        0 => String::new(),
        1 => "; 1 more was not sent".to_owned(),
        left => format!("; {left} more were not sent"),
    };
    Failure::new(format!("{registry} refused the request{rest}"))
        .with_help("fix this and publish again; versions that are already published are skipped")
}

fn print_line(text: &Publication, role: Role, message: &str, terminal: &Terminal) -> Result<(), Failure> {
    let paint = terminal.paint();
    let id = paint.text(Role::Strong, text.id.as_str());
    let line = format!("{id} {} {}", text.version, paint.text(role, &escape(message)));
    terminal.print(&wrap(terminal.width, "", "  ", &line))
}

/// Compares each text with the registry, without publishing.
fn dry_run(registry: &str, texts: &[Publication], terminal: &Terminal) -> Result<Exit, Failure> {
    let open =
        RegistryClient::open(registry, RegistryLocation::Url(registry.to_owned(), CachedIndex::default()));
    let source = open.map_err(|why| {
        Failure::new(why).with_help("the files are valid, but they could not be compared with the registry")
    })?;
    let mut tally = PublishTally::default();
    for text in texts {
        let (entries, _) = source.fetch_entries(&text.id).map_err(Failure::new)?;
        let other_kind = entries.iter().find(|it| it.kind != text.kind);
        let same = entries.iter().find(|it| it.version == text.version);
        let newest = entries.iter().filter(|it| it.version.pre.is_empty()).map(|it| &it.version).max();
        match (other_kind, same) {
            (Some(_), _) => {
                tally.refused += 1;
                let kind = if text.kind == RegistryEntryKind::Guideline { "standard" } else { "guideline" };
                print_line(
                    text,
                    Role::Warning,
                    &format!("cannot be published: the id belongs to a {kind}"),
                    terminal,
                )?;
            }
            (None, Some(there)) if there.sha256 == text.sha256 => {
                tally.same += 1;
                print_line(text, Role::Faint, "already published", terminal)?;
            }
            (None, Some(_)) => {
                tally.refused += 1;
                let message = "already published with a different text: change the version";
                print_line(text, Role::Warning, message, terminal)?;
            }
            (None, None) => {
                tally.new += 1;
                let message = match newest {
                    None => "would be published as the first version".to_owned(),
                    Some(newest) if *newest > text.version => {
                        format!("would be published, but {newest} stays the newest version")
                    }
                    Some(newest) => format!("would be published, after {newest}"),
                };
                print_line(text, Role::Kept, &message, terminal)?;
            }
        }
    }
    let line = format!(
        "{} would be published to {registry}, {} already published, {} would be refused; nothing was sent.",
        tally.new, tally.same, tally.refused
    );
    terminal.print(&wrap(terminal.width, "", "  ", &escape(&line)))?;
    Ok(if tally.refused == 0 { Exit::Ran } else { Exit::Error })
}

/// Address of a registry.
struct RegistryAddress {
    /// URL without a trailing slash.
    url: String,
    /// Whether the user named it, rather than a file of the repository.
    is_named: bool,
}

/// Finds the address to publish to.
fn find_registry(named: Option<&str>, root: &std::path::Path) -> Result<RegistryAddress, Failure> {
    let of_environment = token::registry_from_environment();
    if let Some(named) = named.or(of_environment.as_deref()) {
        return match registry_place(named) {
            Ok(RegistryPlace::Url(url)) => {
                Ok(RegistryAddress { url: url.trim_end_matches('/').to_owned(), is_named: true })
            }
            Ok(RegistryPlace::Folder(_)) => {
                Err(Failure::new(format!("cannot publish to {named}: it is a folder"))
                    .with_help("give the URL of a registry, https://…"))
            }
            Err((message, help)) => Err(Failure::new(message).with_help(help)),
        };
    }
    let project = Project::read(root)?;
    let urls: Vec<&String> = project
        .config
        .registries
        .iter()
        .filter_map(|registry| match &registry.place {
            RegistryPlace::Url(url) => Some(url),
            RegistryPlace::Folder(_) => None,
        })
        .collect();
    match urls.as_slice() {
        [url] => Ok(RegistryAddress { url: url.trim_end_matches('/').to_owned(), is_named: false }),
        [] => Err(Failure::new("no registry to publish to")
            .with_help("name one with --registry https://…, or in `registries` of stanchion.toml")),
        several => Err(Failure::new(format!("stanchion.toml names {} registries", several.len()))
            .with_help("choose one with --registry; published versions are permanent")),
    }
}
