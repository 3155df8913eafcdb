//! Where a name of the repository leads: links are read before anybody follows them, as one may lead to another machine.
//! Windows sends a machine that is asked for a file the user's proof of identity.

use std::io;
use std::path::{Component, Path, PathBuf};

use crate::model::named_from;

/// Most links on the way to one place.
const MOST_LINKS: usize = 40;

/// Where `named`, which something in the folder `root` names, is: absolute, without links. It may lie anywhere on this
/// machine (or the one that `root` is on). `root` is absolute, and without links.
///
/// # Errors
/// What the system says; that it leads to another machine.
pub(super) fn found_without_asking(root: &Path, named: &Path) -> io::Result<PathBuf> {
    let link = |path: &Path| {
        let is_link = path.symlink_metadata()?.is_symlink();
        if is_link { path.read_link().map(Some) } else { Ok(None) }
    };
    // Nothing on the way is a link any more: this only writes it as the system does.
    walk(root, named, &link, &named_from)?.canonicalize()
}

/// Where `relative` is, if that is inside of `root`.
pub(super) fn inside_without_asking(root: &Path, relative: &Path) -> Option<PathBuf> {
    found_without_asking(root, relative).ok().filter(|found| found.starts_with(root))
}

/// Goes to `named` part by part. `link` tells where a link leads (`None`: it is none), and is asked only about places whose
/// other parts are no links; `from` finds what is named in a folder, unless it leads to another machine.
fn walk(
    root: &Path,
    named: &Path,
    link: &dyn Fn(&Path) -> io::Result<Option<PathBuf>>,
    from: &dyn Fn(&Path, &Path) -> Option<PathBuf>,
) -> io::Result<PathBuf> {
    let stays = |folder: &Path, named: &Path| match from(folder, named) {
        Some(_) => Ok(()),
        None => Err(io::Error::other("it leads to another machine, which is not asked")),
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
            // It begins anew, on Windows in two steps: the drive, and its root.
            Component::Prefix(_) | Component::RootDir => place.push(part.as_os_str()),
            Component::Normal(name) => {
                let next = place.join(name);
                if let Some(target) = link(&next)? {
                    links += 1;
                    if links > MOST_LINKS {
                        return Err(io::Error::other("too many links"));
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

    /// Where `named` leads from `/work`, and about which places was asked.
    fn walked(links: &[(&str, &str)], named: &str) -> (Result<PathBuf, String>, Vec<PathBuf>) {
        let links: BTreeMap<&Path, &Path> =
            links.iter().map(|(at, to)| (Path::new(*at), Path::new(*to))).collect();
        let asked = RefCell::new(Vec::new());
        let link = |path: &Path| {
            asked.borrow_mut().push(path.to_owned());
            Ok(links.get(path).map(|target| (*target).to_owned()))
        };
        // What Windows takes for another machine is told where that is decided; here it is what begins so.
        let from = |folder: &Path, named: &Path| (!named.starts_with("/net")).then(|| folder.join(named));
        let found = walk(Path::new("/work"), Path::new(named), &link, &from);
        (found.map_err(|error| error.to_string()), asked.into_inner())
    }

    #[test]
    fn links_are_read_and_gone_along() {
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
        assert_eq!(walked(&links, "loop/x").0, Err("too many links".to_owned()));
    }

    #[test]
    fn another_machine_is_not_asked() {
        let links = [
            ("/work/guidelines", "/net/attacker/share"),
            ("/work/a", "b"),
            ("/work/b", "/net/attacker"),
            ("/work/up", "../other"),
        ];
        for named in ["guidelines", "./guidelines/x", "a/x", "up/../work/b/..", "/net/attacker/x"] {
            let (found, asked) = walked(&links, named);
            assert!(found.is_err_and(|why| why.contains("another machine")), "{named}");
            assert!(!asked.iter().any(|path| path.starts_with("/net")), "{named}: {asked:?}");
            // Nor is a place asked for that is found through a link.
            let behind =
                |path: &PathBuf| links.iter().any(|(at, _)| path != Path::new(at) && path.starts_with(at));
            assert!(!asked.iter().any(behind), "{named}: {asked:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_is_inside_is_what_the_system_says() {
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
            let asked = root.join(named).canonicalize();
            assert_eq!(
                found_without_asking(&root, Path::new(named)).ok(),
                asked.as_ref().ok().cloned(),
                "{named}"
            );
            let inside = asked.ok().filter(|found| found.starts_with(&root));
            assert_eq!(inside_without_asking(&root, Path::new(named)), inside, "{named}");
        }
    }
}
