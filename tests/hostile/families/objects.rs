//! `--staged` and `--since` over hostile git data: objects, packs, deltas, trees, commits, references and the
//! index. The data are not written by git, and object names are invented, because the program does not
//! recompute them.

use std::fs;

use miniz_oxide::deflate::compress_to_vec_zlib;

use super::Build;
use crate::case::{Case, write};

pub const FAMILIES: &[(&str, Build)] = &[
    ("G1-object-headers", object_headers),
    ("G2-delta-bombs", delta_bombs),
    ("G3-packs-that-lie", packs_that_lie),
    ("G4-trees", trees),
    ("G5-commits-and-tags", commits),
    ("G6-index-lengths", index_lengths),
    ("G7-references", references),
    ("G8-changed-bytes", changed_bytes),
];

type Name = [u8; 20];

/// Invented name of object number `number`.
fn name(number: u32) -> Name {
    let mut name = [0xab; 20];
    name[..4].copy_from_slice(&number.to_be_bytes());
    name[0] = 0x11;
    name
}

fn hex(name: &[u8]) -> String {
    name.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn loose_path(name: &Name) -> String {
    let hex = hex(name);
    format!(".git/objects/{}/{}", &hex[..2], &hex[2..])
}

/// Writes a loose object with these bytes, including the header.
fn raw_object(case: &Case, name: &Name, bytes: &[u8]) {
    case.write(loose_path(name), compress_to_vec_zlib(bytes, 1));
}

fn object(case: &Case, name: &Name, kind: &str, content: &[u8]) {
    raw_object(case, name, &[format!("{kind} {}\0", content.len()).as_bytes(), content].concat());
}

/// Creates a valid git directory with HEAD at a branch that may not exist.
fn create_git_folder(case: &mut Case) {
    case.write(".git/HEAD", "ref: refs/heads/main\n");
    case.write(".git/config", "[core]\n\trepositoryformatversion = 0\n");
    fs::create_dir_all(case.at(".git/refs/heads")).expect("a folder");
    fs::create_dir_all(case.at(".git/objects/pack")).expect("a folder");
    case.expect.seen_is_known = false;
    // The git data decide which files are assessed.
    case.expect.beacons = false;
    case.expect.places = false;
    case.expect.statuses = vec![0, 2];
}

fn entry(path: &[u8], mode: u32, name: &Name) -> Vec<u8> {
    let mut bytes = vec![0; 24];
    bytes.extend(mode.to_be_bytes());
    bytes.extend([0; 12]);
    bytes.extend(name);
    let length = u16::try_from(path.len().min(0xfff)).expect("short");
    bytes.extend(length.to_be_bytes());
    bytes.extend(path);
    let padding = 8 - bytes.len() % 8;
    bytes.extend(std::iter::repeat_n(0, padding));
    bytes
}

fn index(version: u32, count: usize, body: &[u8]) -> Vec<u8> {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    [b"DIRC", &version.to_be_bytes()[..], &count.to_be_bytes(), body, &[0; 20]].concat()
}

/// Stages `bad.txt` and `good.txt`. The finding in `good.txt` must be reported for any content of `bad.txt`.
fn stage_beside_good(case: &mut Case, bad: &Name) {
    create_git_folder(case);
    let good = name(1);
    object(case, &good, "blob", b"PLANTED-70\n");
    let body = [entry(b"bad.txt", 0o100_644, bad), entry(b"good.txt", 0o100_644, &good)].concat();
    case.write(".git/index", index(2, 2, &body));
    case.argument("--staged");
    case.expect.statuses = vec![0];
    case.expect.found.push("good.txt".to_owned());
}

fn object_headers(case: &mut Case) {
    let bad = name(2);
    stage_beside_good(case, &bad);
    let kind = *case.random.pick(&[
        "10 GB",
        "huge",
        "negative",
        "overflow",
        "no end",
        "long",
        "tree",
        "unknown",
        "bomb",
        "cut",
        "empty",
        "fifo",
        "zero",
        "sparse",
        "folder",
        "longer",
        "two streams",
        "missing",
        "not zlib",
    ]);
    case.note(kind);
    let path = loose_path(&bad);
    match kind {
        "10 GB" => raw_object(case, &bad, b"blob 10737418240\0PLANTED"),
        "huge" => raw_object(case, &bad, format!("blob {}\0x", u64::MAX).as_bytes()),
        "negative" => raw_object(case, &bad, b"blob -1\0x"),
        "overflow" => raw_object(case, &bad, b"blob 99999999999999999999999\0x"),
        "no end" => raw_object(case, &bad, &b"blob 5".repeat(1_000)),
        "long" => raw_object(case, &bad, format!("blob {}5\0hello", "0".repeat(5_000)).as_bytes()),
        "tree" => object(case, &bad, "tree", b"hello"),
        "unknown" => object(case, &bad, "blobb", b"hello"),
        "bomb" => {
            let size = 15 << 20;
            object(case, &bad, "blob", &vec![b'a'; size]);
        }
        "cut" => {
            let bytes = compress_to_vec_zlib(&[b"blob 200000\0", &vec![7; 200_000][..]].concat(), 1);
            case.write(&path, &bytes[..bytes.len() / 2]);
        }
        "empty" => case.write(&path, ""),
        "fifo" => case.fifo(&path),
        "zero" => case.link("/dev/zero", &path),
        "sparse" => {
            case.write(&path, "");
            let file = fs::OpenOptions::new().write(true).open(case.at(&path)).expect("opened");
            file.set_len(10 << 30).expect("a sparse file");
        }
        "folder" => fs::create_dir_all(case.at(&path)).expect("a folder"),
        "longer" => raw_object(case, &bad, &[b"blob 3\0", &vec![b'x'; 1 << 20][..]].concat()),
        "two streams" => {
            let stream = compress_to_vec_zlib(b"blob 5\0hello", 1);
            case.write(&path, stream.repeat(1_000));
        }
        "not zlib" => {
            let bytes = case.random.bytes(3_000);
            case.write(&path, bytes);
        }
        _ => {}
    }
}

/// Header of a pack entry.
fn pack_head(kind: u8, size: u64) -> Vec<u8> {
    let mut bytes = vec![kind << 4 | u8::try_from(size & 15).expect("four bits")];
    let mut rest = size >> 4;
    while rest > 0 {
        *bytes.last_mut().expect("one") |= 0x80;
        bytes.push(u8::try_from(rest & 0x7f).expect("seven bits"));
        rest >>= 7;
    }
    bytes
}

/// Encodes the distance to the base of an offset delta.
fn encode_distance(back: usize) -> Vec<u8> {
    let mut rest = back;
    let mut bytes = vec![u8::try_from(rest & 0x7f).expect("seven bits")];
    rest >>= 7;
    while rest > 0 {
        rest -= 1;
        bytes.insert(0, 0x80 | u8::try_from(rest & 0x7f).expect("seven bits"));
        rest >>= 7;
    }
    bytes
}

fn number(mut value: u64) -> Vec<u8> {
    let mut bytes = vec![];
    loop {
        let low = u8::try_from(value & 0x7f).expect("seven bits");
        value >>= 7;
        bytes.push(if value > 0 { low | 0x80 } else { low });
        if value == 0 {
            return bytes;
        }
    }
}

/// Builds a pack and its index from entries (object name, bytes).
fn pack(entries: &[(Name, Vec<u8>)]) -> (Vec<u8>, Vec<u8>) {
    let mut data =
        [b"PACK", &2u32.to_be_bytes()[..], &u32::try_from(entries.len()).expect("few").to_be_bytes()]
            .concat();
    let mut places = vec![];
    for (name, bytes) in entries {
        places.push((*name, u32::try_from(data.len()).expect("small")));
        data.extend(bytes);
    }
    data.extend([0; 20]);
    (data, pack_index(&mut places))
}

fn pack_index(places: &mut [(Name, u32)]) -> Vec<u8> {
    places.sort_unstable();
    let mut bytes = b"\xfftOc\0\0\0\x02".to_vec();
    for first in 0..=255u8 {
        let until = places.iter().filter(|place| place.0[0] <= first).count();
        bytes.extend(u32::try_from(until).expect("few").to_be_bytes());
    }
    bytes.extend(places.iter().flat_map(|place| place.0));
    bytes.extend(vec![0; places.len() * 4]);
    bytes.extend(places.iter().flat_map(|place| place.1.to_be_bytes()));
    bytes.extend([0; 40]);
    bytes
}

fn write_pack(case: &Case, data: &[u8], index: &[u8]) {
    case.write(".git/objects/pack/pack-1.pack", data);
    case.write(".git/objects/pack/pack-1.idx", index);
}

fn whole(content: &[u8]) -> Vec<u8> {
    [pack_head(3, content.len() as u64), compress_to_vec_zlib(content, 1)].concat()
}

/// Delta against the entry `back` bytes before this one.
fn delta_entry(back: usize, delta: &[u8]) -> Vec<u8> {
    [pack_head(6, delta.len() as u64), encode_distance(back), compress_to_vec_zlib(delta, 1)].concat()
}

/// Delta that copies the whole base of `size` bytes `times` times.
fn copies(size: u64, times: u64) -> Vec<u8> {
    let mut delta = [number(size), number(size * times)].concat();
    for _ in 0..times {
        let mut start = 0u64;
        while start < size {
            let length = (size - start).min(0xff_ffff);
            delta.push(0xff);
            delta.extend(&start.to_le_bytes()[..4]);
            delta.extend(&length.to_le_bytes()[..3]);
            start += length;
        }
    }
    delta
}

fn delta_bombs(case: &mut Case) {
    let bad = name(2);
    stage_beside_good(case, &bad);
    let kind = *case.random.pick(&[
        "doubling",
        "sixteen",
        "long chain",
        "too long chain",
        "claims",
        "base claims",
        "itself",
        "cycle",
        "outside",
        "inserts",
        "big delta",
    ]);
    case.note(kind);
    let mut entries: Vec<(Name, Vec<u8>)> = vec![];
    let mut chain = |first: u64, times: u64, count: u32| {
        entries.push((name(10), whole(&vec![b'a'; usize::try_from(first).expect("small")])));
        let mut size = first;
        for at in 1..=count {
            let back = entries.last().expect("one").1.len();
            let last = if at == count { bad } else { name(10 + at) };
            entries.push((last, delta_entry(back, &copies(size, times))));
            size *= times;
        }
    };
    match kind {
        "doubling" => chain(1_024, 2, 30),
        "sixteen" => chain(1 << 20, 16, 2),
        "long chain" => chain(100, 1, 4_000),
        "too long chain" => chain(100, 1, 5_000),
        "claims" => {
            let base = whole(b"hello");
            let delta = [number(5), number(10 << 30), vec![0x90, 5]].concat();
            let back = base.len();
            entries = vec![(name(10), base), (bad, delta_entry(back, &delta))];
        }
        "base claims" => {
            let base = [pack_head(3, 10 << 30), compress_to_vec_zlib(&vec![0; 1 << 20], 1)].concat();
            let back = base.len();
            entries = vec![(name(10), base), (bad, delta_entry(back, &copies(10 << 30, 1)[..20]))];
        }
        "itself" => {
            entries =
                vec![(bad, [pack_head(7, 20), bad.to_vec(), compress_to_vec_zlib(&[0; 20], 1)].concat())];
        }
        "cycle" => {
            let to =
                |base: Name| [pack_head(7, 20), base.to_vec(), compress_to_vec_zlib(&[0; 20], 1)].concat();
            entries = vec![(bad, to(name(10))), (name(10), to(bad))];
        }
        "outside" => entries = vec![(bad, delta_entry(1 << 40, b"\x05\x05\x90\x05"))],
        "inserts" => {
            let base = whole(b"hello");
            let size = 200_000 * 127;
            let delta =
                [number(5), number(size), [vec![127], vec![b'i'; 127]].concat().repeat(200_000)].concat();
            let back = base.len();
            entries = vec![(name(10), base), (bad, delta_entry(back, &delta))];
        }
        _ => {
            // A delta with a large inflated size and a small result.
            let base = whole(&vec![b'a'; 1 << 20]);
            let delta = [number(1 << 20), number(5), [0x90, 1].repeat(15 << 20)].concat();
            let back = base.len();
            entries = vec![(name(10), base), (bad, delta_entry(back, &delta))];
        }
    }
    let (data, index) = pack(&entries);
    write_pack(case, &data, &index);
}

fn packs_that_lie(case: &mut Case) {
    let bad = name(2);
    stage_beside_good(case, &bad);
    let (mut data, mut index) = pack(&[(bad, whole(&b"hello\n".repeat(10_000))), (name(10), whole(b"x"))]);
    let kind = *case.random.pick(&[
        "cut data",
        "cut index",
        "count",
        "falling",
        "far",
        "far 64",
        "last",
        "empty",
        "sparse index",
        "sparse data",
        "fifo",
        "many",
        "kind",
        "head without end",
    ]);
    case.note(kind);
    match kind {
        "cut data" => data.truncate(case.random.below(data.len())),
        "cut index" => index.truncate(case.random.below(index.len())),
        "count" => index[8..8 + 1_024].fill(0xff),
        "falling" => index[8..12].fill(0xff),
        "far" => index[1_080..1_088].fill(0x7f),
        "far 64" => index[1_080..1_088].fill(0xff),
        "last" => index[8 + 1_020..8 + 1_024].fill(0xff),
        "empty" => (data, index) = (vec![], vec![]),
        "kind" => data[12] = 0x5f,
        "head without end" => data[12..].fill(0xff),
        _ => {}
    }
    write_pack(case, &data, &index);
    let grow = |path: &str| {
        let file = fs::OpenOptions::new().write(true).open(case.at(path)).expect("opened");
        file.set_len(10 << 30).expect("a sparse file");
    };
    match kind {
        "sparse index" => {
            index[8..8 + 1_024].fill(0x7f);
            case.write(".git/objects/pack/pack-1.idx", &index);
            grow(".git/objects/pack/pack-1.idx");
        }
        "sparse data" => grow(".git/objects/pack/pack-1.pack"),
        "fifo" => {
            case.fifo(".git/objects/pack/pack-2.idx");
            case.link("/dev/zero", ".git/objects/pack/pack-3.idx");
            case.link("pack-3.idx", ".git/objects/pack/pack-3.pack");
        }
        "many" => {
            for number in 0..2_000 {
                case.write(format!(".git/objects/pack/pack-x{number}.idx"), &index);
            }
        }
        _ => {}
    }
}

fn tree_entry(mode: &str, path: &[u8], name: &Name) -> Vec<u8> {
    [mode.as_bytes(), b" ", path, b"\0", name].concat()
}

fn commit_text(tree: &Name, parents: &[Name]) -> Vec<u8> {
    let parents: String = parents.iter().map(|parent| format!("parent {}\n", hex(parent))).collect();
    let who = "A <a@example.org> 1700000000 +0000";
    format!("tree {}\n{parents}author {who}\ncommitter {who}\n\nwords\n", hex(tree)).into_bytes()
}

/// Writes a commit of this tree and points HEAD to it.
fn head(case: &Case, tree: &Name) -> Name {
    let commit = name(3);
    object(case, &commit, "commit", &commit_text(tree, &[]));
    case.write(".git/refs/heads/main", format!("{}\n", hex(&commit)));
    commit
}

fn trees(case: &mut Case) {
    create_git_folder(case);
    case.write("good.txt", "PLANTED-71\n");
    let tree = name(4);
    head(case, &tree);
    let kind = *case.random.pick(&[
        "itself",
        "itself twice",
        "bomb",
        "wide bomb",
        "wide",
        "dots",
        "unsorted",
        "modes",
        "long",
        "empty name",
        "cut",
        "no mode",
        "blob",
        "missing",
        "pair",
        "controls",
    ]);
    case.note(kind);
    let blob = name(5);
    object(case, &blob, "blob", b"CANARY? no\n");
    let is_tree = |path: &[u8], to: &Name| tree_entry("40000", path, to);
    let is_file = |path: &[u8]| tree_entry("100644", path, &blob);
    let content = match kind {
        "itself" => is_tree(b"a", &tree),
        "itself twice" => [is_tree(b"a", &tree), is_tree(b"b", &tree)].concat(),
        "pair" => {
            let other = name(6);
            let back = [is_file(b"a"), is_tree(b"b", &tree), is_tree(b"c", &tree)].concat();
            object(case, &other, "tree", &back);
            [is_tree(b"a", &other), is_tree(b"b", &other)].concat()
        }
        "bomb" | "wide bomb" => {
            let (levels, width) = if kind == "bomb" { (10, 10) } else { (3, 3_000) };
            let names: Vec<String> = (0..width).map(|it| format!("n{it:05}")).collect();
            for level in 1..levels {
                let below = name(20 + level);
                let all = names.iter().map(|it| is_tree(it.as_bytes(), &below));
                let here = if level == 1 { tree } else { name(19 + level) };
                object(case, &here, "tree", &all.collect::<Vec<_>>().concat());
            }
            let files = names.iter().map(|it| is_file(it.as_bytes()));
            object(case, &name(19 + levels), "tree", &files.collect::<Vec<_>>().concat());
            vec![]
        }
        "wide" => {
            let many = if case.large { 300_000 } else { 30_000 };
            (0..many).map(|it| is_file(format!("{it:07}").as_bytes())).collect::<Vec<_>>().concat()
        }
        "dots" => [&b"."[..], b"..", b".git", b"../../outside/secret.txt", b"/etc/passwd", b"a/b"]
            .map(is_file)
            .concat(),
        "unsorted" => [is_file(b"z"), is_file(b"a"), is_file(b"z"), is_tree(b"z", &tree)].concat(),
        "modes" => ["0", "1", "160000", "120000", "777777777777", "-1", "1006448", "0100644"]
            .map(|mode| tree_entry(mode, format!("f{mode}").as_bytes(), &blob))
            .concat(),
        "long" => is_file(&vec![b'x'; 1 << 20]),
        "empty name" => is_file(b""),
        "cut" => is_file(b"abc")[..15].to_vec(),
        "no mode" => b"abc".repeat(1_000),
        "controls" => [is_file(b"\x1b[31m"), is_file(b"a\nb"), is_file(b"\xff\xfe")].concat(),
        "blob" => {
            object(case, &tree, "blob", b"x");
            vec![]
        }
        _ => vec![],
    };
    if !content.is_empty() {
        object(case, &tree, "tree", &content);
    }
    if case.random.once_in(2) {
        case.write(".git/index", index(2, 1, &entry(b"good.txt", 0o100_644, &blob)));
    }
    if case.random.once_in(2) {
        case.note("--staged");
        case.argument("--staged");
    } else {
        case.argument("--since");
        case.argument("main");
    }
}

fn commits(case: &mut Case) {
    create_git_folder(case);
    let (tree, tip, other) = (name(4), name(3), name(7));
    object(case, &tree, "tree", &tree_entry("100644", b"a.txt", &name(5)));
    object(case, &name(5), "blob", b"PLANTED-72\n");
    case.write("a.txt", "PLANTED-72\n");
    case.write(".git/index", index(2, 1, &entry(b"a.txt", 0o100_644, &name(5))));
    case.write(".git/refs/heads/main", format!("{}\n", hex(&tip)));
    case.write(".git/refs/heads/other", format!("{}\n", hex(&other)));
    let kind = *case.random.pick(&[
        "own parent",
        "cycle",
        "many parents",
        "long",
        "no tree",
        "tag of itself",
        "tags",
        "date",
        "bytes",
        "deep",
        "lattice",
    ]);
    case.note(kind);
    let mut revision =
        *case.random.pick(&["other", "main", "main~3", "HEAD^^^", "other~100000", "main^7", "main^{tree}"]);
    object(case, &other, "commit", &commit_text(&tree, &[]));
    let content = match kind {
        "own parent" => commit_text(&tree, &[tip]),
        "cycle" => {
            object(case, &other, "commit", &commit_text(&tree, &[tip, name(8)]));
            object(case, &name(8), "commit", &commit_text(&tree, &[tip]));
            commit_text(&tree, &[other])
        }
        "many parents" => commit_text(&tree, &vec![other; 100_000]),
        "long" => [commit_text(&tree, &[other]), vec![b'x'; 12 << 20]].concat(),
        "no tree" => b"parent x\n\n".to_vec(),
        "tag of itself" | "tags" => {
            let tag = name(9);
            let to = if kind == "tags" { name(10) } else { tag };
            let text = |to: &Name| format!("object {}\ntype tag\ntag x\n\n", hex(to));
            object(case, &tag, "tag", text(&to).as_bytes());
            object(case, &name(10), "tag", text(&tag).as_bytes());
            case.write(".git/refs/tags/x", format!("{}\n", hex(&tag)));
            revision = "x";
            commit_text(&tree, &[])
        }
        "date" => {
            let text = String::from_utf8(commit_text(&tree, &[other])).expect("text");
            text.replace("1700000000", &"9".repeat(40)).into_bytes()
        }
        "bytes" => {
            let mut bytes = commit_text(&tree, &[other]);
            for _ in 0..10 {
                let at = case.random.below(bytes.len());
                bytes[at] = case.random.bytes(1)[0];
            }
            bytes
        }
        "deep" => {
            let many = if case.large { 5_000 } else { 1_000 };
            for at in 0..many {
                object(case, &name(100 + at), "commit", &commit_text(&tree, &[name(101 + at)]));
            }
            commit_text(&tree, &[name(100)])
        }
        _ => {
            // Each commit has the next two as parents: the number of paths doubles, the number of commits
            // does not.
            for at in 0..400 {
                let parents = [name(100 + 2 * at + 2), name(100 + 2 * at + 3)];
                object(case, &name(100 + 2 * at), "commit", &commit_text(&tree, &parents));
                object(case, &name(100 + 2 * at + 1), "commit", &commit_text(&tree, &parents));
            }
            commit_text(&tree, &[name(100), name(101)])
        }
    };
    object(case, &tip, "commit", &content);
    case.note(revision);
    case.argument("--since");
    case.argument(revision);
}

fn index_lengths(case: &mut Case) {
    create_git_folder(case);
    let blob = name(5);
    object(case, &blob, "blob", b"PLANTED-73\n");
    head(case, &name(4));
    object(case, &name(4), "tree", b"");
    let plain = entry(b"a.txt", 0o100_644, &blob);
    let kind = *case.random.pick(&[
        "count",
        "cache tree",
        "cache tree depth",
        "cache tree count",
        "link",
        "bitmap",
        "sparse file",
        "large",
        "modes",
        "names",
        "extension",
        "sdir",
        "fsmonitor",
        "many",
        "prefixes",
        "stages",
    ]);
    case.note(kind);
    let extension =
        |name: &[u8; 4], length: u32, body: &[u8]| [&name[..], &length.to_be_bytes(), body].concat();
    let sized =
        |name: &[u8; 4], body: &[u8]| extension(name, u32::try_from(body.len()).expect("small"), body);
    let bytes = match kind {
        "count" => index(2, usize::MAX, &plain),
        "cache tree" => index(2, 1, &[plain, sized(b"TREE", b"\0-1 1000000000\n")].concat()),
        "cache tree count" => {
            index(2, 1, &[plain, sized(b"TREE", b"\099999999999999999999 99999999999999999999\n")].concat())
        }
        "cache tree depth" => index(
            2,
            1,
            &[plain, sized(b"TREE", &[b"\0".to_vec(), b"-1 1\na\0".repeat(300_000)].concat())].concat(),
        ),
        "link" => index(2, 0, &sized(b"link", &[7; 24])),
        "bitmap" => {
            case.write(format!(".git/sharedindex.{}", hex(&blob)), index(2, 1, &plain));
            let bits = [&[0xff; 4][..], &[0, 0, 0, 2], &[0xff; 16], &[0xff; 4]].concat();
            index(2, 0, &sized(b"link", &[&blob[..], &bits, &bits].concat()))
        }
        "modes" => {
            let modes = [0, 0o040_000, 0o120_000, 0o160_000, 0o170_000, u32::MAX, 0o100_755];
            let all =
                modes.iter().enumerate().map(|(at, &mode)| entry(format!("f{at}").as_bytes(), mode, &blob));
            index(2, modes.len(), &all.collect::<Vec<_>>().concat())
        }
        "names" => {
            let names = [
                &b"../outside/secret.txt"[..],
                b"/etc/passwd",
                b".git/config",
                b"a//b",
                b"",
                b"\x1b[31m",
                b"\xff",
            ];
            index(2, names.len(), &names.map(|it| entry(it, 0o100_644, &blob)).concat())
        }
        "extension" => index(2, 1, &[plain, extension(b"ABCD", u32::MAX, b"x")].concat()),
        "sdir" => {
            let folder = entry(b"folder/", 0o040_000, &name(4));
            index(2, 2, &[plain, folder, sized(b"sdir", b"")].concat())
        }
        "fsmonitor" => {
            index(2, 1, &[plain, sized(b"FSMN", &[0xff; 40]), sized(b"UNTR", &[0xff; 400])].concat())
        }
        "many" | "large" => {
            let many = if case.large { 50_000 } else { 4_000 };
            let length = if kind == "large" { 180 } else { 8 };
            let names = (0..many).map(|it| entry(format!("{it:0length$}").as_bytes(), 0o100_644, &blob));
            index(2, many, &names.collect::<Vec<_>>().concat())
        }
        "prefixes" => {
            // Version 4: each name extends the previous one by 30 bytes.
            let one = |at: usize| {
                let fixed = &entry(b"", 0o100_644, &blob)[..62];
                [fixed, &[0], format!("{at:030}").as_bytes(), b"\0"].concat()
            };
            index(4, 20_000, &(0..20_000).map(one).collect::<Vec<_>>().concat())
        }
        "stages" => {
            let mut all = vec![];
            for stage in [1u8, 2, 3] {
                let mut bytes = entry(b"a.txt", 0o100_644, &blob);
                bytes[60] |= stage << 4;
                all.extend(bytes);
            }
            index(2, 3, &all)
        }
        _ => vec![],
    };
    case.write(".git/index", &bytes);
    if kind == "sparse file" {
        let size = *case.random.pick(&[10 << 30, 500 << 20, 60 << 20]);
        case.note(format!("{} MiB", size >> 20));
        case.write(".git/index", index(2, usize::MAX, b""));
        let file = fs::OpenOptions::new().write(true).open(case.at(".git/index")).expect("opened");
        file.set_len(size).expect("a sparse file");
    }
    if case.random.once_in(3) {
        case.note("--since");
        case.argument("--since");
        case.argument("main");
    } else {
        case.argument("--staged");
    }
}

fn references(case: &mut Case) {
    create_git_folder(case);
    let tip = head(case, &name(4));
    object(case, &name(4), "tree", b"");
    case.write("a.txt", "PLANTED-74\n");
    let kind = *case.random.pick(&[
        "loop",
        "long chain",
        "packed",
        "packed sparse",
        "packed bytes",
        "head fifo",
        "head zero",
        "table",
        "table bytes",
        "table sparse",
        "shallow",
        "alternates zero",
        "alternates loop",
        "alternates many",
        "outside",
        "revision",
    ]);
    case.note(kind);
    let mut revision = "x".to_owned();
    let noise = case.random.bytes(10_000);
    let sparse = |path: &str| {
        let file = fs::OpenOptions::new().create(true).append(true).open(case.at(path)).expect("opened");
        file.set_len(200 << 20).expect("a sparse file");
    };
    match kind {
        "loop" => {
            case.write(".git/refs/heads/x", "ref: refs/heads/y\n");
            case.write(".git/refs/heads/y", "ref: refs/heads/x\n");
        }
        "long chain" => {
            for at in 0..50 {
                case.write(format!(".git/refs/heads/x{at}"), format!("ref: refs/heads/x{}\n", at + 1));
            }
            "x0".clone_into(&mut revision);
        }
        "packed" => {
            let line = |at: u32| format!("{} refs/heads/n{at}\n", hex(&name(at)));
            let many = if case.large { 200_000 } else { 20_000 };
            case.write(".git/packed-refs", (0..many).map(line).collect::<String>());
        }
        "packed sparse" => sparse(".git/packed-refs"),
        "packed bytes" => case.write(".git/packed-refs", &noise),
        "head fifo" | "head zero" => {
            fs::remove_file(case.at(".git/HEAD")).expect("removed");
            if kind == "head fifo" { case.fifo(".git/HEAD") } else { case.link("/dev/zero", ".git/HEAD") }
        }
        "table" | "table bytes" | "table sparse" => {
            case.write(
                ".git/config",
                "[core]\nrepositoryformatversion = 1\n[extensions]\nrefstorage = reftable\n",
            );
            let table = "0x000000000001-0x000000000001-00000000.ref";
            case.write(".git/reftable/tables.list", format!("{table}\n").repeat(3_000));
            let bytes = match kind {
                "table" => [&b"REFT\x01\0\x10\0"[..], &[0xff; 16], b"r\0\0\x80", &[0xff; 200]].concat(),
                _ => [b"REFT\x01".to_vec(), noise[..2_000].to_vec()].concat(),
            };
            case.write(format!(".git/reftable/{table}"), bytes);
            if kind == "table sparse" {
                sparse(&format!(".git/reftable/{table}"));
            }
        }
        "shallow" => {
            case.write(".git/shallow", format!("{}\n", hex(&tip)).repeat(1_000) + &"x".repeat(1_000_000));
            "main~1".clone_into(&mut revision);
        }
        "alternates zero" => case.link("/dev/zero", ".git/objects/info/alternates"),
        "alternates loop" => case.write(".git/objects/info/alternates", ".\n../objects\n/\n/proc/self/fd\n"),
        "alternates many" => {
            let lines: String = (0..5_000).map(|at| format!("/nowhere/{at}\n")).collect();
            case.write(".git/objects/info/alternates", lines);
        }
        "outside" => {
            write(&case.outside.join("ref"), format!("{}\n", hex(&tip)).as_bytes());
            case.link("../../../../outside/ref", ".git/refs/heads/x");
            case.write(".git/refs/heads/y", "ref: ../../outside/ref\n");
        }
        _ => {
            let odd = [
                "main^{/x}",
                "@{-1}",
                "main@{yesterday}",
                ":/x",
                "^main",
                "a..b",
                "\u{1b}[31m",
                "--staged",
                "",
                "main~99999999999999999999",
                "main^99999999999",
                "main^{commit}^{commit}^{commit}",
                "11",
                "1111",
            ];
            (*case.random.pick(&odd)).clone_into(&mut revision);
        }
    }
    case.note(revision.clone());
    case.argument(format!("--since={revision}"));
}

/// Valid repository with one pack, an index and references, in which some bytes are changed.
fn changed_bytes(case: &mut Case) {
    create_git_folder(case);
    let (tip, tree, blob) = (name(3), name(4), name(5));
    let text = b"PLANTED-75\n".repeat(50);
    let base = whole(&text);
    let (commit, content) = (commit_text(&tree, &[]), tree_entry("100644", b"a.txt", &name(6)));
    let packed = |kind: u8, content: &[u8]| {
        [pack_head(kind, content.len() as u64), compress_to_vec_zlib(content, 1)].concat()
    };
    let delta = delta_entry(base.len(), &copies(text.len() as u64, 3));
    let entries = [(blob, base), (name(6), delta), (tip, packed(1, &commit)), (tree, packed(2, &content))];
    let (data, places) = pack(&entries);
    let staged = index(2, 1, &entry(b"a.txt", 0o100_644, &blob));
    let mut files = [data, places, staged, format!("{} refs/heads/main\n", hex(&tip)).into_bytes()];
    for _ in 0..*case.random.pick(&[0, 1, 3, 30]) {
        let bytes = &mut files[case.random.below(4)];
        let at = case.random.below(bytes.len());
        bytes[at] = case.random.bytes(1)[0];
    }
    if case.random.once_in(4) {
        let bytes = &mut files[case.random.below(4)];
        bytes.truncate(case.random.below(bytes.len()));
    }
    write_pack(case, &files[0], &files[1]);
    case.write(".git/index", &files[2]);
    case.write(".git/packed-refs", &files[3]);
    case.write("a.txt", "PLANTED-75\n");
    if case.random.once_in(2) { case.argument("--staged") } else { case.argument("--since=main") }
}
