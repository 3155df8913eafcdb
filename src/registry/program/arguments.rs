//! What can be asked of the program.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Publishes guidelines for ever, and serves them.
#[derive(Parser)]
#[command(name = "stanchion-registry", version, max_term_width = 100)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Subcommand)]
pub(super) enum Command {
    /// Serve what is published: pages for people, the index for machines
    #[command(after_help = "\
Examples:
  stanchion-registry serve
  stanchion-registry serve --config registry.toml
  stanchion-registry serve --listen 127.0.0.1:8080 --data /var/lib/stanchion
  DATABASE_URL=postgres://registry@db/registry stanchion-registry serve

It begins the database where there is none, and brings an older one to today's shape;
no other command does. At the first start the starter guidelines are published, and a
link is shown that signs the operator in. It serves pages to read on, accounts on which
teams make keys, the API through which they publish, and the index from which copies
are made.")]
    Serve {
        /// Where to listen [default: 127.0.0.1:8585]
        #[arg(long, value_name = "ADDRESS")]
        listen: Option<String>,
        /// Where metrics are, for Prometheus; nowhere without it
        #[arg(long, value_name = "ADDRESS")]
        metrics: Option<String>,
        /// The address at which people find it, where that is another one: https://guidelines.example.org
        #[arg(long, value_name = "URL")]
        public_url: Option<String>,
        /// Say what is decided, and end
        #[arg(long)]
        check_config: bool,
        /// Do not write requests into the log
        #[arg(long)]
        quiet: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Publish guidelines: for ever
    #[command(after_help = "Example:\n  stanchion-registry publish guidelines/acme/short-names.md")]
    Publish {
        /// Guideline files
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
        /// Who publishes
        #[arg(long, value_name = "WHO", default_value = "operator")]
        by: String,
        #[command(flatten)]
        place: Place,
    },
    /// Say that a version should not be chosen any more; it stays where it is
    #[command(
        after_help = "Example:\n  stanchion-registry yank acme/short-names 1.2.0 --message 'finds too much'"
    )]
    Yank {
        /// The guideline
        #[arg(value_name = "ID")]
        id: String,
        /// Its version
        #[arg(value_name = "VERSION")]
        version: String,
        /// Why
        #[arg(long, value_name = "TEXT", required_unless_present = "undo")]
        message: Option<String>,
        /// Take it back
        #[arg(long, conflicts_with = "message")]
        undo: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Say that a guideline or standard is no longer advised, and what is instead
    #[command(
        after_help = "Example:\n  stanchion-registry retire acme/short-names --message 'too short' --successor acme/names"
    )]
    Retire {
        /// The guideline or standard
        #[arg(value_name = "ID")]
        id: String,
        /// Why
        #[arg(long, value_name = "TEXT", required_unless_present = "undo")]
        message: Option<String>,
        /// What is advised instead
        #[arg(long, value_name = "ID")]
        successor: Option<String>,
        /// Take it back
        #[arg(long, conflicts_with_all = ["message", "successor"])]
        undo: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Make a key with which a machine publishes in a namespace
    #[command(after_help = "Example:\n  stanchion-registry token acme --for alice@acme --days 90")]
    Token {
        /// The namespace
        #[arg(value_name = "NAMESPACE")]
        namespace: String,
        /// For whom it is: `revoke` takes it back by this name
        #[arg(long = "for", value_name = "WHO")]
        owner: String,
        /// Days until it ends
        #[arg(long, value_name = "N", default_value_t = 90, value_parser = clap::value_parser!(i64).range(1..=3650))]
        days: i64,
        #[command(flatten)]
        place: Place,
    },
    /// Make a link that signs somebody in, once
    #[command(
        name = "sign-in",
        after_help = "\
Examples:
  stanchion-registry sign-in alice@payments --public-url https://guidelines.example.org
  stanchion-registry sign-in alice@payments --number 7

Person and team are made where there are none. Whoever has the name already may be anybody:
without --number only those are meant who are in the team and whom no identity provider knows.
`stanchion-registry people` shows the numbers. The link is good for a day."
    )]
    SignIn {
        /// Person and team
        #[arg(value_name = "WHO@TEAM")]
        who: String,
        /// The number of the person who is meant, as `people` and their own page show it
        #[arg(long, value_name = "N")]
        number: Option<i64>,
        /// The address of the registry, as people find it [default: what `serve` would listen on]
        #[arg(long, alias = "url", value_name = "URL")]
        public_url: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    /// List everybody: number, name, who an identity provider says they are, and teams
    #[command(after_help = "Example:\n  stanchion-registry people")]
    People {
        #[command(flatten)]
        place: Place,
    },
    /// Lock somebody out: their sessions, links and keys end, and none begins any more
    #[command(
        after_help = "Examples:\n  stanchion-registry lock bob\n  stanchion-registry lock --number 7\n  stanchion-registry lock --number 7 --undo\n\nWhoever comes from an identity provider is named by number."
    )]
    Lock {
        /// Their name
        #[arg(value_name = "NAME", required_unless_present = "number", conflicts_with = "number")]
        name: Option<String>,
        /// Their number, as `people` shows it
        #[arg(long, value_name = "N")]
        number: Option<i64>,
        /// Let them in again; what ended stays ended
        #[arg(long)]
        undo: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Take back every key of somebody
    #[command(after_help = "Example:\n  stanchion-registry revoke alice@acme")]
    Revoke {
        /// Whose
        #[arg(value_name = "WHO")]
        owner: String,
        #[command(flatten)]
        place: Place,
    },
    /// Write pages and index as files, for any web server, or for `stanchion update` from a folder
    #[command(after_help = "Example:\n  stanchion-registry export /srv/www/guidelines")]
    Export {
        /// The folder to write into
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
        /// The address at which people will find it; feeds name it
        #[arg(long, value_name = "URL")]
        public_url: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    /// Copy the embedded database, whole and looked at, while it is served
    #[command(
        after_help = "Example:\n  stanchion-registry backup registry-2026-11-25.sqlite\n\nTo restore: stop the program, put the copy where registry.sqlite is, start it. PostgreSQL has its own: pg_dump."
    )]
    Backup {
        /// The file to write; it must not be there
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        place: Place,
    },
    /// Look whether everything that is published is what it was when it was published
    #[command(after_help = "Example:\n  stanchion-registry verify")]
    Verify {
        #[command(flatten)]
        place: Place,
    },
    /// List the newest version of everything that is published
    #[command(after_help = "Example:\n  stanchion-registry list")]
    List {
        #[command(flatten)]
        place: Place,
    },
}

/// Where the database is. Each command decides it as `serve` does.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Place {
    /// The file of settings: listen, metrics, public-url, data, database-url; and [oidc]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// The folder of the embedded database [default: stanchion-registry]; DATABASE_URL names a PostgreSQL server
    /// instead
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
}
