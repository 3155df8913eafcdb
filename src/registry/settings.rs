//! Settings from flags, the environment and a file, in this order of precedence. The caller passes them in:
//! this module reads no file, environment or clock.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

use super::provider::{Provider, is_loopback};

/// Resolved settings.
#[derive(Clone, Debug)]
pub(super) struct RegistrySettings {
    /// Address of the site.
    pub(super) listen: SocketAddr,
    /// Address of the metrics, if they are enabled.
    pub(super) metrics: Option<SocketAddr>,
    /// Folder of the SQLite database.
    pub(super) data: PathBuf,
    /// Public address of the site.
    pub(super) public_url: Option<String>,
    /// Address of a PostgreSQL server; without it SQLite is used.
    pub(super) database_url: Option<String>,
    /// Identity provider, if one is configured.
    pub(super) provider: Option<Provider>,
    /// Largest number of connections per address. Loopback connections are not counted.
    pub(super) connections: usize,
}

/// Settings given as flags.
#[derive(Clone, Debug, Default)]
pub(super) struct Flags {
    pub(super) listen: Option<String>,
    pub(super) metrics: Option<String>,
    pub(super) data: Option<PathBuf>,
    pub(super) public_url: Option<String>,
    /// Whether an operator command runs. It needs no identity provider, and the client secret may not be
    /// available.
    pub(super) is_operator_command: bool,
}

/// Settings file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct SettingsFile {
    listen: Option<String>,
    metrics: Option<String>,
    data: Option<PathBuf>,
    public_url: Option<String>,
    database_url: Option<String>,
    connections_per_address: Option<usize>,
    oidc: Option<Oidc>,
}

/// Identity provider.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Oidc {
    issuer: String,
    client: String,
    /// Display name.
    name: Option<String>,
}

/// Environment variable with the client secret. The file may be shared, so it cannot contain the secret.
const OIDC_SECRET_VARIABLE: &str = "STANCHION_REGISTRY_OIDC_SECRET";
const DEFAULT_LISTEN: &str = "127.0.0.1:8585";
const DEFAULT_DATA: &str = "stanchion-registry";
/// Default and largest number of connections per address.
const CONNECTIONS_PER_ADDRESS: (usize, usize) = (100, 2_000);

/// Resolves the settings. `file` is the name and text of the settings file, if one was named. `variable`
/// returns an environment variable.
///
/// # Errors
/// Returns all problems, one per line.
pub(super) fn resolve(
    flags: Flags,
    variable: &dyn Fn(&str) -> Option<String>,
    file: Option<(&str, &str)>,
) -> Result<RegistrySettings, Vec<String>> {
    let mut problems = Vec::new();
    let read = file.map_or_else(|| Ok(SettingsFile::default()), |(_, text)| toml::from_str(text));
    let from_file = read.unwrap_or_else(|error| {
        let (name, text) = file.unwrap_or_default();
        let line =
            error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        problems.push(format!("{name}, line {line}: {}", error.message()));
        SettingsFile::default()
    });
    let name = file.map_or("", |(name, _)| name);
    // Value, and the name of its source.
    let choose =
        |flag: Option<String>, flag_name: &str, variable_name: &str, in_file: Option<String>, key: &str| {
            let given = flag.map(|value| (value, flag_name.to_owned()));
            given
                .or_else(|| {
                    variable(variable_name)
                        .filter(|it| !it.is_empty())
                        .map(|it| (it, variable_name.to_owned()))
                })
                .or_else(|| in_file.map(|value| (value, format!("`{key}` in {name}"))))
        };
    let mut address = |value: Option<(String, String)>| -> Option<SocketAddr> {
        let (value, source) = value?;
        let parsed = value.parse().ok();
        if parsed.is_none() {
            problems.push(format!(
                "{source}: `{value}` is not an address with a port, such as 127.0.0.1:8585 or [::]:80"
            ));
        }
        parsed
    };
    let listen = choose(flags.listen, "--listen", "STANCHION_REGISTRY_LISTEN", from_file.listen, "listen");
    let listen = address(listen.or(Some((DEFAULT_LISTEN.to_owned(), String::new()))));
    let metrics =
        choose(flags.metrics, "--metrics", "STANCHION_REGISTRY_METRICS", from_file.metrics, "metrics");
    let metrics = address(metrics);
    let public = choose(
        flags.public_url,
        "--public-url",
        "STANCHION_REGISTRY_PUBLIC_URL",
        from_file.public_url,
        "public-url",
    );
    let public_url = public.and_then(|(value, source)| match public_url(&value) {
        Ok(url) => Some(url),
        Err(why) => {
            problems.push(format!("{source}: `{value}` is not {why}"));
            None
        }
    });
    let database = choose(None, "", "DATABASE_URL", from_file.database_url, "database-url");
    let database_url = database.and_then(|(value, source)| {
        if value.starts_with("postgres://") || value.starts_with("postgresql://") {
            return Some(value);
        }
        // The message never contains the value, which may contain a password.
        problems.push(format!(
            "{source} is not a PostgreSQL address; it must begin with postgres://. To use SQLite, remove it"
        ));
        None
    });
    if let (Some(listen), Some(metrics)) = (listen, metrics)
        && listen == metrics
        && listen.port() != 0
    {
        problems.push(format!(
            "`listen` and `metrics` are both {listen}; metrics are for the operator and need a separate address"
        ));
    }
    let connections = choose(
        None,
        "",
        "STANCHION_REGISTRY_CONNECTIONS_PER_ADDRESS",
        from_file.connections_per_address.map(|number| number.to_string()),
        "connections-per-address",
    );
    let connections = connections.map_or(CONNECTIONS_PER_ADDRESS.0, |(value, source)| {
        let number = value.parse().ok().filter(|number| (1..=CONNECTIONS_PER_ADDRESS.1).contains(number));
        number.unwrap_or_else(|| {
            problems
                .push(format!("{source}: `{value}` is not a number from 1 to {}", CONNECTIONS_PER_ADDRESS.1));
            CONNECTIONS_PER_ADDRESS.0
        })
    });
    let provider = from_file.oidc.filter(|_| !flags.is_operator_command).and_then(|oidc| {
        let issuer = oidc.issuer.trim_end_matches('/').to_owned();
        if !issuer.starts_with("https://") && !is_loopback(&issuer) {
            problems.push(format!("`issuer` in {name}: `{issuer}` must begin with https://"));
        }
        let Some(secret) = variable(OIDC_SECRET_VARIABLE).filter(|it| !it.is_empty()) else {
            problems.push(format!(
                "{name} names an identity provider; set {OIDC_SECRET_VARIABLE} to its client secret"
            ));
            return None;
        };
        let called = oidc.name.unwrap_or_else(|| "your company's account".to_owned());
        Some(Provider { issuer, client: oidc.client, secret, name: called })
    });
    let data = flags
        .data
        .or_else(|| variable("STANCHION_REGISTRY_DATA").filter(|it| !it.is_empty()).map(PathBuf::from));
    let data = data.or(from_file.data).unwrap_or_else(|| PathBuf::from(DEFAULT_DATA));
    match (listen, problems.is_empty()) {
        (Some(listen), true) => {
            Ok(RegistrySettings { listen, metrics, data, public_url, database_url, provider, connections })
        }
        _ => Err(problems),
    }
}

/// Checks a public address and removes trailing slashes.
///
/// # Errors
/// Describes the expected form.
fn public_url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/[]".contains(&byte);
    match rest {
        Some(rest) if !rest.is_empty() && rest.bytes().all(plain) => {
            Ok(text.trim_end_matches('/').to_owned())
        }
        _ => {
            Err("an http or https address without a query, such as https://guidelines.example.org".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: fn(&str) -> Option<String> = |_| None;

    #[test]
    fn flags_come_before_the_environment_and_that_before_the_file() {
        let file = "listen = \"127.0.0.1:1\"\nmetrics = \"127.0.0.1:9\"\ndata = \"/srv\"\npublic-url = \"https://a.example/\"\n";
        let variable = |name: &str| (name == "STANCHION_REGISTRY_LISTEN").then(|| "127.0.0.1:2".to_owned());
        let of = |flags: Flags, variable: &dyn Fn(&str) -> Option<String>| {
            resolve(flags, variable, Some(("r.toml", file))).expect("settings")
        };
        let settings = of(Flags::default(), &NOTHING);
        assert_eq!((settings.listen.port(), settings.data), (1, PathBuf::from("/srv")));
        assert_eq!(settings.public_url.as_deref(), Some("https://a.example"));
        assert_eq!(of(Flags::default(), &variable).listen.port(), 2);
        let flags = Flags { listen: Some("127.0.0.1:3".to_owned()), ..Flags::default() };
        assert_eq!(of(flags, &variable).listen.port(), 3);
        let settings = resolve(Flags::default(), &NOTHING, None).expect("the defaults");
        assert_eq!((settings.listen.port(), settings.metrics, settings.database_url), (8585, None, None));
    }

    #[test]
    fn every_settings_problem_names_its_source() {
        let file = "listen = \"here\"\nmetrics = \"127.0.0.1\"\npublic-url = \"a.example\"\ndatabase-url = \"mysql://u:secret@h\"\n";
        let problems = resolve(Flags::default(), &NOTHING, Some(("r.toml", file))).expect_err("problems");
        assert_eq!(problems.len(), 4, "{problems:?}");
        assert!(problems[0].starts_with("`listen` in r.toml: `here`"), "{problems:?}");
        assert!(!problems.concat().contains("secret"), "{problems:?}");
        for (text, words) in
            [("\nlisten = 5\n", "line 2"), ("\n\nlistne = \"x\"\n", "line 3"), ("a", "line 1")]
        {
            let problems = resolve(Flags::default(), &NOTHING, Some(("r.toml", text))).expect_err(text);
            assert!(problems[0].contains(words), "{text}: {problems:?}");
        }
        let oidc = "[oidc]\nissuer = \"http://id.example\"\nclient = \"us\"\n";
        let problems = resolve(Flags::default(), &NOTHING, Some(("r.toml", oidc))).expect_err("no secret");
        assert_eq!(problems.len(), 2, "{problems:?}");
        let secret = |name: &str| (name == OIDC_SECRET_VARIABLE).then(|| "s".to_owned());
        let good = oidc.replace("http:", "https:");
        let settings = resolve(Flags::default(), &secret, Some(("r.toml", good.as_str()))).expect("settings");
        assert_eq!(settings.provider.map(|it| it.client).as_deref(), Some("us"));
        // A nightly backup needs no client secret.
        let by_hand = Flags { is_operator_command: true, ..Flags::default() };
        let settings = resolve(by_hand, &NOTHING, Some(("r.toml", good.as_str()))).expect("settings");
        assert!(settings.provider.is_none());
        let many = "connections-per-address = 0\n";
        assert_eq!(resolve(Flags::default(), &NOTHING, Some(("r.toml", many))).expect_err("none").len(), 1);
        let many = many.replace('0', "500");
        let settings = resolve(Flags::default(), &NOTHING, Some(("r.toml", &many))).expect("settings");
        assert_eq!(settings.connections, 500);
        let same = Flags { metrics: Some(DEFAULT_LISTEN.to_owned()), ..Flags::default() };
        assert_eq!(resolve(same, &NOTHING, None).expect_err("both").len(), 1);
    }
}
