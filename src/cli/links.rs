//! Resolves paths from the repository without contacting another machine. Symbolic links are read before they
//! are followed, because a link may lead to a network share: Windows sends the user's credentials to its
//! server.

use std::io;
use std::path::{Component, Path, PathBuf};

use crate::model::join_unless_remote;

/// Maximum number of symbolic links on the way to one path.
const MAX_LINKS: usize = 40;

/// Resolves `named`, which a file in the folder `root` names, to an absolute path without symbolic links. The
/// result may be anywhere on this machine (or on the machine of `root`). `root` must be absolute and without
/// symbolic links.
///
/// # Errors
/// An I/O error, or a path that leads to another machine.
pub(super) fn resolve_locally(root: &Path, named: &Path) -> io::Result<PathBuf> {
    let link = |path: &Path| {
        let is_link = path.symlink_metadata()?.is_symlink();
        if is_link { path.read_link().map(Some) } else { Ok(None) }
    };
    // No component is a symbolic link any more; this only normalizes the spelling.
    resolve_components(root, named, &link, &join_unless_remote)?.canonicalize()
}

/// Resolves `relative`, and returns it only if it is inside `root`.
pub(super) fn resolve_inside(root: &Path, relative: &Path) -> Option<PathBuf> {
    resolve_locally(root, relative).ok().filter(|found| found.starts_with(root))
}

/// Resolves `named` component by component. `link` returns the target of a symbolic link (`None` for other
/// files); it is only called for paths whose parents are not symbolic links. `from` joins a name to a folder,
/// unless it leads to another machine.
fn resolve_components(
    root: &Path,
    named: &Path,
    link: &dyn Fn(&Path) -> io::Result<Option<PathBuf>>,
    from: &dyn Fn(&Path, &Path) -> Option<PathBuf>,
) -> io::Result<PathBuf> {
    let stays = |folder: &Path, named: &Path| match from(folder, named) {
        Some(_) => Ok(()),
        None => Err(io::Error::other("it leads to another machine, which is not contacted")),
    };
    stays(root, named)?;
    let (mut place, mut rest, mut links) = (root.to_owned(), named.to_owned(), 0);
    loop {
        let mut parts = rest.components();
        let Some(part) = parts.next() else { return Ok(place) };
        let after = parts.as_path().to_owned();
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                place.pop();
            }
            // An absolute path; on Windows it has two components: the drive and its root.
            Component::Prefix(_) | Component::RootDir => place.push(part.as_os_str()),
            Component::Normal(name) => {
                let next = place.join(name);
                if let Some(target) = link(&next)? {
                    links += 1;
                    if links > MAX_LINKS {
                        return Err(io::Error::other("too many symbolic links"));
                    }
                    stays(&place, &target)?;
                    rest = target.join(after);
                    continue;
                }
                place = next;
            }
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeMap;

    use super::*;

    /// Resolves `named` from `/work`, and returns the paths for which `link` was called.
    fn walked(links: &[(&str, &str)], named: &str) -> (Result<PathBuf, String>, Vec<PathBuf>) {
        let links: BTreeMap<&Path, &Path> =
            links.iter().map(|(at, to)| (Path::new(*at), Path::new(*to))).collect();
        let visited = RefCell::new(Vec::new());
        let link = |path: &Path| {
            visited.borrow_mut().push(path.to_owned());
            Ok(links.get(path).map(|target| (*target).to_owned()))
        };
        // In this test, paths below `/net` are on another machine; `join_unless_remote` has its own
        // tests for Windows.
        let from = |folder: &Path, named: &Path| (!named.starts_with("/net")).then(|| folder.join(named));
        let found = resolve_components(Path::new("/work"), Path::new(named), &link, &from);
        (found.map_err(|error| error.to_string()), visited.into_inner())
    }

    #[test]
    fn links_are_resolved() {
        let links = [
            ("/work/a", "b"),
            ("/work/up", "../other/./x"),
            ("/other/x/far", "/work/deep/c"),
            ("/work/deep", "b/../d"),
            ("/work/loop", "loop"),
        ];
        for (named, found) in [
            ("./plain/y", "/work/plain/y"),
            ("a/y", "/work/b/y"),
            ("up/../y", "/other/y"),
            ("up/far/z", "/work/d/c/z"),
            ("../work/a", "/work/b"),
            ("/elsewhere", "/elsewhere"),
            (".", "/work"),
        ] {
            assert_eq!(walked(&links, named).0, Ok(PathBuf::from(found)), "{named}");
        }
        assert_eq!(walked(&links, "loop/x").0, Err("too many symbolic links".to_owned()));
    }

    #[test]
    fn another_machine_is_not_contacted() {
        let links = [
            ("/work/guidelines", "/net/attacker/share"),
            ("/work/a", "b"),
            ("/work/b", "/net/attacker"),
            ("/work/up", "../other"),
        ];
        for named in ["guidelines", "./guidelines/x", "a/x", "up/../work/b/..", "/net/attacker/x"] {
            let (found, visited) = walked(&links, named);
            assert!(found.is_err_and(|why| why.contains("another machine")), "{named}");
            assert!(!visited.iter().any(|path| path.starts_with("/net")), "{named}: {visited:?}");
            // Nor is `link` called for a path behind a symbolic link.
            let behind =
                |path: &PathBuf| links.iter().any(|(at, _)| path != Path::new(at) && path.starts_with(at));
            assert!(!visited.iter().any(behind), "{named}: {visited:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn resolved_paths_agree_with_the_system() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().expect("a folder");
        let base = folder.path().canonicalize().expect("its path");
        let root = base.join("root");
        for path in ["root/real", "outside"] {
            std::fs::create_dir_all(base.join(path)).expect("a folder");
        }
        for (at, to) in [
            ("in", "real"),
            ("out", "../outside"),
            ("dead", "nothing"),
            ("round", "round"),
            ("far", "out/.."),
        ] {
            symlink(to, root.join(at)).expect("a link");
        }
        for named in [
            "real",
            "in",
            "./in/../in",
            "out",
            "dead",
            "dead/x",
            "round",
            "far",
            "far/root/in",
            "nothing",
            "..",
        ] {
            let visited = root.join(named).canonicalize();
            assert_eq!(
                resolve_locally(&root, Path::new(named)).ok(),
                visited.as_ref().ok().cloned(),
                "{named}"
            );
            let inside = visited.ok().filter(|found| found.starts_with(&root));
            assert_eq!(resolve_inside(&root, Path::new(named)), inside, "{named}");
        }
    }
}
