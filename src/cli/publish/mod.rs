//! `stanchion publish`: gives guidelines and standards to a registry, for ever.

mod texts;
mod token;

use std::path::PathBuf;

use super::party::Party;
use super::terminal::Terminal;
use super::{Exit, Failure, root};
use crate::client::{Kind, Place, Publisher, Remembered, Sent, Source};
use crate::format::{RegistryPlace, registry_place};
use crate::report::escape::escape;
use crate::report::{Role, wrap};
use texts::Text;

/// Publish guidelines and standards to a registry, for ever
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion publish --dry-run       what would be published, what is there
  stanchion publish                 everything in ./guidelines
  stanchion publish guidelines/acme/logs.md
  stanchion publish --registry https://guidelines.example.org

A version is given once: the same text again changes nothing, another text needs
another version. Only what could be followed is published: every file can be
used, and every example holds.

The key comes from --token-file, else from STANCHION_TOKEN, else from where git
keeps passwords for that address (`git credential`, which asks the keyring of
your system). The first two belong to no address, so they are used only for one
that you name, with --registry or in STANCHION_REGISTRY.")]
pub(super) struct Arguments {
    /// Files, or folders with guidelines and standards; without one, ./guidelines
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The address of the registry [default: STANCHION_REGISTRY, else the one among `registries` in stanchion.toml]
    #[arg(long, value_name = "URL")]
    registry: Option<String>,
    /// Send nothing: look at the files, and say what the registry has
    #[arg(long)]
    dry_run: bool,
    /// The file in which the key is
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

/// What became of a text, for the summary.
#[derive(Default)]
struct Tally {
    new: usize,
    same: usize,
    refused: usize,
}

/// Publishes.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let base = root::current_directory()?;
    let place = root::locate(&base, &[])?;
    let Address { url: registry, is_named } = registry(arguments.registry.as_deref(), &place.root)?;
    let texts = texts::collect(&base, &arguments.paths)?;
    if arguments.dry_run {
        return dry_run(&registry, &texts, terminal);
    }
    let file = arguments.token_file.as_deref().map(|file| base.join(file));
    let token = token::find(file.as_deref(), &registry, is_named)?;
    let publisher = Publisher::new(&registry, token);
    let mut tally = Tally::default();
    for (nth, text) in texts.iter().enumerate() {
        match publisher.publish(text.kind, &text.id, &text.version.to_string(), &text.content) {
            Ok(Sent::New { note }) => {
                tally.new += 1;
                say(text, Role::Kept, "is published", terminal)?;
                if let Some(note) = note {
                    let label = terminal.paint().text(Role::Note, "note:");
                    let line = format!("{label} {}", escape(&note));
                    terminal.print(&wrap(terminal.width, "  ", "        ", &line))?;
                }
            }
            Ok(Sent::Same) => {
                tally.same += 1;
                say(text, Role::Faint, "was published before", terminal)?;
            }
            Err(refused) => {
                tally.refused += 1;
                let words = format!("is not published: {}", refused.words.join("; "));
                say(text, Role::Warning, &words, terminal)?;
                if refused.for_all {
                    let left = texts.len() - nth - 1;
                    return Err(stopped(&registry, left));
                }
            }
        }
    }
    let text = match (tally.new, tally.refused) {
        (0, 0) => format!("{registry} has it all already."),
        (new, 0) => format!("{new} published to {registry}, for ever; {} were there.", tally.same),
        (new, refused) => {
            format!("{new} published to {registry}, {} were there, {refused} were refused.", tally.same)
        }
    };
    terminal.print(&wrap(terminal.width, "", "  ", &escape(&text)))?;
    Ok(if tally.refused == 0 { Exit::Ran } else { Exit::CouldNot })
}

fn stopped(registry: &str, left: usize) -> Failure {
    let rest = match left {
        0 => String::new(),
        1 => "; one more was not tried".to_owned(),
        left => format!("; {left} more were not tried"),
    };
    Failure::new(format!("{registry} does not take this{rest}"))
        .with_help("publish again when that is mended: what is published by then changes nothing")
}

fn say(text: &Text, role: Role, words: &str, terminal: &Terminal) -> Result<(), Failure> {
    let paint = terminal.paint();
    let id = paint.text(Role::Strong, text.id.as_str());
    let line = format!("{id} {} {}", text.version, paint.text(role, &escape(words)));
    terminal.print(&wrap(terminal.width, "", "  ", &line))
}

/// Says what the registry has of each text. Nothing is sent.
fn dry_run(registry: &str, texts: &[Text], terminal: &Terminal) -> Result<Exit, Failure> {
    let open = Source::open(registry, Place::Url(registry.to_owned(), Remembered::default()));
    let source = open.map_err(|why| {
        Failure::new(why)
            .with_help("the files here can be used, and their examples hold; nothing else is known")
    })?;
    let mut tally = Tally::default();
    for text in texts {
        let (entries, _) = source.entries(&text.id).map_err(Failure::new)?;
        let other_kind = entries.iter().find(|it| it.kind != text.kind);
        let same = entries.iter().find(|it| it.version == text.version);
        let newest = entries.iter().filter(|it| it.version.pre.is_empty()).map(|it| &it.version).max();
        match (other_kind, same) {
            (Some(_), _) => {
                tally.refused += 1;
                let kind = if text.kind == Kind::Guideline { "standard" } else { "guideline" };
                say(text, Role::Warning, &format!("cannot be published: the name is a {kind}'s"), terminal)?;
            }
            (None, Some(there)) if there.sha256 == text.sha256 => {
                tally.same += 1;
                say(text, Role::Faint, "is published, as it is here", terminal)?;
            }
            (None, Some(_)) => {
                tally.refused += 1;
                let words = "is published with another text, for ever: give this one another version";
                say(text, Role::Warning, words, terminal)?;
            }
            (None, None) => {
                tally.new += 1;
                let words = match newest {
                    None => "would be published, the first of its name".to_owned(),
                    Some(newest) if *newest > text.version => {
                        format!("would be published, though {newest} is there and stays the newest")
                    }
                    Some(newest) => format!("would be published, after {newest}"),
                };
                say(text, Role::Kept, &words, terminal)?;
            }
        }
    }
    let line = format!(
        "{} would be published to {registry}, {} are there, {} would be refused; nothing was sent.",
        tally.new, tally.same, tally.refused
    );
    terminal.print(&wrap(terminal.width, "", "  ", &escape(&line)))?;
    Ok(if tally.refused == 0 { Exit::Ran } else { Exit::CouldNot })
}

/// Where to publish.
struct Address {
    /// Without a slash at its end.
    url: String,
    /// Whether whoever publishes named it, and not a file of the repository.
    is_named: bool,
}

/// The address to publish to.
fn registry(named: Option<&str>, root: &std::path::Path) -> Result<Address, Failure> {
    let of_environment = token::registry();
    if let Some(named) = named.or(of_environment.as_deref()) {
        return match registry_place(named) {
            Ok(RegistryPlace::Url(url)) => {
                Ok(Address { url: url.trim_end_matches('/').to_owned(), is_named: true })
            }
            Ok(RegistryPlace::Folder(_)) => {
                Err(Failure::new(format!("{named} is a folder, and folders take no versions"))
                    .with_help("give the address of a registry, https://…"))
            }
            Err((message, help)) => Err(Failure::new(message).with_help(help)),
        };
    }
    let party = Party::read(root)?;
    let urls: Vec<&String> = party
        .config
        .registries
        .iter()
        .filter_map(|registry| match &registry.what {
            RegistryPlace::Url(url) => Some(url),
            RegistryPlace::Folder(_) => None,
        })
        .collect();
    match urls.as_slice() {
        [url] => Ok(Address { url: url.trim_end_matches('/').to_owned(), is_named: false }),
        [] => Err(Failure::new("no registry is named to publish to")
            .with_help("name it with --registry https://…, or among `registries` in stanchion.toml")),
        several => Err(Failure::new(format!("{} registries are named in stanchion.toml", several.len()))
            .with_help("say which is meant with --registry; what is published stays for ever")),
    }
}
