//! Build servers: detection, default report formats, and the base revision of a pull-request build.
//!
//! Only documented environment variables are read. Options override every detected value.

use clap::ValueEnum;

/// A build server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Server {
    /// GitHub Actions and compatible servers (Forgejo, Gitea)
    #[value(name = "github")]
    GitHub,
    /// GitLab CI
    #[value(name = "gitlab")]
    GitLab,
    /// Jenkins
    Jenkins,
    /// Buildkite
    Buildkite,
    /// Azure Pipelines
    Azure,
    /// Bitbucket Pipelines
    Bitbucket,
    /// No build server, or another one
    None,
}

/// Environment variables that identify a server, most specific first.
const SIGNS: [(Server, &str); 6] = [
    // https://docs.github.com/en/actions/reference/workflows-and-actions/variables
    (Server::GitHub, "GITHUB_ACTIONS"),
    // https://docs.gitlab.com/ci/variables/predefined_variables/
    (Server::GitLab, "GITLAB_CI"),
    // https://buildkite.com/docs/pipelines/configure/environment-variables
    (Server::Buildkite, "BUILDKITE"),
    // https://learn.microsoft.com/en-us/azure/devops/pipelines/build/variables
    (Server::Azure, "TF_BUILD"),
    // https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/
    (Server::Bitbucket, "BITBUCKET_BUILD_NUMBER"),
    // https://www.jenkins.io/doc/book/pipeline/jenkinsfile/#using-environment-variables
    (Server::Jenkins, "JENKINS_URL"),
];

impl Server {
    /// Detects the server from environment variables.
    pub(super) fn detect(variable: &dyn Fn(&str) -> String) -> Self {
        let is_set = |name: &str| !matches!(variable(name).as_str(), "" | "false" | "False" | "0");
        SIGNS.iter().find(|(_, name)| is_set(name)).map_or(Self::None, |(server, _)| *server)
    }

    /// Base revision of the pull request that is built; `None` for other builds (a push to a branch, a
    /// schedule).
    pub(super) fn base_revision(self, variable: &dyn Fn(&str) -> String) -> Option<String> {
        let named = |name: &str| Some(variable(name)).filter(|value| !value.is_empty() && value != "false");
        let branch = |name: &str| {
            named(name)
                .map(|branch| format!("origin/{}", branch.strip_prefix("refs/heads/").unwrap_or(&branch)))
        };
        match self {
            Self::GitHub => branch("GITHUB_BASE_REF"),
            Self::GitLab => named("CI_MERGE_REQUEST_DIFF_BASE_SHA"),
            Self::Jenkins => branch("CHANGE_TARGET"),
            Self::Buildkite => branch("BUILDKITE_PULL_REQUEST_BASE_BRANCH"),
            Self::Azure => branch("SYSTEM_PULLREQUEST_TARGETBRANCH"),
            Self::Bitbucket => {
                named("BITBUCKET_PR_DESTINATION_COMMIT").or_else(|| branch("BITBUCKET_PR_DESTINATION_BRANCH"))
            }
            Self::None => None,
        }
    }

    /// Advice for fetching the revision of [`Server::base_revision`].
    pub(super) fn how_to_fetch(self) -> &'static str {
        match self {
            Self::GitHub => "fetch the history: `fetch-depth: 0` at actions/checkout",
            Self::GitLab => "fetch the history: `GIT_DEPTH: 0` among the variables of the job",
            Self::Azure => "fetch the history: `fetchDepth: 0` at the checkout step",
            Self::Bitbucket => {
                "fetch the history: `clone: depth: full` in bitbucket-pipelines.yml, then `git fetch origin`"
            }
            Self::Jenkins | Self::Buildkite | Self::None => "fetch the target branch: `git fetch origin`",
        }
    }
}

/// Whether a build server interprets commands in the log: the servers above, TeamCity, and any that sets
/// `CI`.
pub(super) fn interprets_log_commands(variable: &dyn Fn(&str) -> String) -> bool {
    Server::detect(variable) != Server::None
        || !variable("TEAMCITY_VERSION").is_empty()
        || !variable("CI").is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &'static [(&'static str, &'static str)]) -> impl Fn(&str) -> String {
        move |name| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
                .unwrap_or_default()
        }
    }

    #[test]
    fn each_server_is_detected() {
        for (pairs, expected, base) in [
            (
                &[("GITHUB_ACTIONS", "true"), ("GITHUB_BASE_REF", "main")][..],
                Server::GitHub,
                Some("origin/main"),
            ),
            (&[("GITHUB_ACTIONS", "true"), ("GITHUB_BASE_REF", "")], Server::GitHub, None),
            (
                &[("GITLAB_CI", "true"), ("CI_MERGE_REQUEST_DIFF_BASE_SHA", "abc")],
                Server::GitLab,
                Some("abc"),
            ),
            (
                &[("JENKINS_URL", "https://ci"), ("CHANGE_TARGET", "main")],
                Server::Jenkins,
                Some("origin/main"),
            ),
            (&[("BUILDKITE", "true"), ("BUILDKITE_PULL_REQUEST_BASE_BRANCH", "")], Server::Buildkite, None),
            (
                &[("TF_BUILD", "True"), ("SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/main")],
                Server::Azure,
                Some("origin/main"),
            ),
            (
                &[("BITBUCKET_BUILD_NUMBER", "7"), ("BITBUCKET_PR_DESTINATION_BRANCH", "main")],
                Server::Bitbucket,
                Some("origin/main"),
            ),
            (&[("CI", "true")], Server::None, None),
            (&[("GITHUB_ACTIONS", "false")], Server::None, None),
        ] {
            let variable = with(pairs);
            let server = Server::detect(&variable);
            assert_eq!((server, server.base_revision(&variable).as_deref()), (expected, base), "{pairs:?}");
        }
    }
}
