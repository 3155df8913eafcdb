//! Command-line arguments.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Publish guidelines permanently and serve them
#[derive(Parser)]
#[command(name = "stanchion-registry", version, max_term_width = 100)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Subcommand)]
pub(super) enum Command {
    /// Serve the website, the API and the index
    #[command(after_help = "\
Examples:
  stanchion-registry serve
  stanchion-registry serve --config registry.toml
  stanchion-registry serve --listen 127.0.0.1:8080 --data /var/lib/stanchion
  DATABASE_URL=postgres://registry@db/registry stanchion-registry serve

Creates the database if it is missing and migrates an older one; no other command does.
The first start publishes the starter guidelines and prints a link that signs the
operator in. The server provides the pages, accounts on which teams create tokens, the
API for publishing, and the index from which `stanchion update` copies guidelines.")]
    Serve {
        /// Address and port to listen on [default: 127.0.0.1:8585]
        #[arg(long, value_name = "ADDRESS")]
        listen: Option<String>,
        /// Address and port for Prometheus metrics; without it there are none
        #[arg(long, value_name = "ADDRESS")]
        metrics: Option<String>,
        /// Public address of the site, if it differs, for example https://guidelines.example.org
        #[arg(long, value_name = "URL")]
        public_url: Option<String>,
        /// Print the effective settings and exit
        #[arg(long)]
        check_config: bool,
        /// Do not log requests
        #[arg(long)]
        quiet: bool,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Publish guidelines and standards permanently
    #[command(after_help = "Example:\n  stanchion-registry publish guidelines/acme/short-names.md")]
    Publish {
        /// Guideline files (.md) and standard files (.toml)
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
        /// Name of the publisher
        #[arg(long, value_name = "WHO", default_value = "operator")]
        by: String,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Mark a version as yanked, so that new copies avoid it; it stays available
    #[command(
        after_help = "Example:\n  stanchion-registry yank acme/short-names 1.2.0 --message 'finds too much'"
    )]
    Yank {
        /// Name of the guideline or standard
        #[arg(value_name = "ID")]
        id: String,
        /// Version to yank
        #[arg(value_name = "VERSION")]
        version: String,
        /// Reason, shown to users; required unless --undo is given
        #[arg(long, value_name = "TEXT", required_unless_present = "undo")]
        message: Option<String>,
        /// Remove the yank
        #[arg(long, conflicts_with = "message")]
        undo: bool,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Mark a guideline or standard as no longer advised, with an optional successor
    #[command(
        after_help = "Example:\n  stanchion-registry retire acme/short-names --message 'too short' --successor acme/names"
    )]
    Retire {
        /// Name of the guideline or standard
        #[arg(value_name = "ID")]
        id: String,
        /// Reason, shown to users; required unless --undo is given
        #[arg(long, value_name = "TEXT", required_unless_present = "undo")]
        message: Option<String>,
        /// Name of the guideline or standard to use instead
        #[arg(long, value_name = "ID")]
        successor: Option<String>,
        /// Undo the retirement
        #[arg(long, conflicts_with_all = ["message", "successor"])]
        undo: bool,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Create a token for publishing in a namespace
    #[command(after_help = "Example:\n  stanchion-registry token acme --for alice --days 90")]
    Token {
        /// Namespace to publish in
        #[arg(value_name = "NAMESPACE")]
        namespace: String,
        /// Owner of the token; `revoke` finds it by this name
        #[arg(long = "for", value_name = "WHO")]
        owner: String,
        /// Days until it expires
        #[arg(long, value_name = "N", default_value_t = 90, value_parser = clap::value_parser!(i64).range(1..=3650))]
        days: i64,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Create a link that signs a user in, once
    #[command(
        name = "sign-in",
        after_help = "\
Examples:
  stanchion-registry sign-in alice@payments --public-url https://guidelines.example.org
  stanchion-registry sign-in alice@payments --number 7

Creates the user and the team if they are missing. A name alone does not identify a user: without
--number, an existing user must be in the team and must not come from an identity provider.
`stanchion-registry people` lists the numbers. The link is valid for a day."
    )]
    SignIn {
        /// User and team
        #[arg(value_name = "WHO@TEAM")]
        who: String,
        /// User number, shown by `people` and on the account page
        #[arg(long, value_name = "N")]
        number: Option<i64>,
        /// Public address of the registry [default: the address that `serve` would listen on]
        #[arg(long, alias = "url", value_name = "URL")]
        public_url: Option<String>,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// List users: number, name, identity at the identity provider, and teams
    #[command(after_help = "Example:\n  stanchion-registry people")]
    People {
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Lock a user: end all sessions, sign-in links and tokens, and allow no new ones
    #[command(
        after_help = "Examples:\n  stanchion-registry lock bob\n  stanchion-registry lock --number 7\n  stanchion-registry lock --number 7 --undo\n\nA user from an identity provider must be given by number."
    )]
    Lock {
        /// Name of the user
        #[arg(value_name = "NAME", required_unless_present = "number", conflicts_with = "number")]
        name: Option<String>,
        /// User number, shown by `people`
        #[arg(long, value_name = "N")]
        number: Option<i64>,
        /// Unlock the user; ended sessions, links and tokens stay ended
        #[arg(long)]
        undo: bool,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Revoke all tokens that were created by or for a name
    #[command(after_help = "Example:\n  stanchion-registry revoke alice")]
    Revoke {
        /// Name of the user who created the tokens, or `--for` of the command `token`
        #[arg(value_name = "WHO")]
        owner: String,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Write pages and index as static files, for any web server or for `stanchion update`
    #[command(after_help = "Example:\n  stanchion-registry export /srv/www/guidelines")]
    Export {
        /// Folder to write into
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
        /// Public address of the exported site; feeds contain it
        #[arg(long, value_name = "URL")]
        public_url: Option<String>,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Back up the SQLite database, also while it is served, and verify the copy
    #[command(
        after_help = "Example:\n  stanchion-registry backup registry-2026-11-25.sqlite\n\nTo restore, stop the server, replace registry.sqlite with the copy, and start the server. For PostgreSQL use pg_dump."
    )]
    Backup {
        /// File to write; it must not exist
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Check that all published texts are complete and unchanged
    #[command(after_help = "Example:\n  stanchion-registry verify")]
    Verify {
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// List the newest version of each guideline and standard
    #[command(after_help = "Example:\n  stanchion-registry list")]
    List {
        #[command(flatten)]
        database: DatabaseArgs,
    },
}

/// Location of the database, resolved in the same way by every command.
#[derive(Debug, Default, clap::Args)]
pub(super) struct DatabaseArgs {
    /// Settings file: listen, metrics, public-url, data, database-url, connections-per-address and [oidc]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Folder of the SQLite database [default: stanchion-registry]; set DATABASE_URL to use a PostgreSQL server
    /// instead
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
}
