//! The rooms of the library import each other one way, and so do the files within a room, and those of the command line and of the
//! simulator. All this is read off the sources, without the tests in them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Each room, and the rooms that it may import. Only rooms that stand above it can be among them, so that there is no circle.
const MAY_IMPORT: [(&str, &[&str]); 14] = [
    ("model", &[]),
    ("display", &["model"]),
    ("classify", &["model"]),
    ("aws", &["model"]),
    ("xledger", &["model", "display"]),
    ("lake", &["model", "aws"]),
    ("table", &["model", "classify"]),
    ("catalog", &["model", "aws", "lake", "table"]),
    ("event", &["model", "lake"]),
    ("report", &["model", "display", "xledger", "lake", "table", "event"]),
    ("page", &["model", "display", "classify", "table", "report"]),
    ("refresh", &["model", "display", "classify", "xledger", "lake", "table", "event", "report", "page"]),
    ("settings", &["model", "xledger", "lake", "page", "refresh"]),
    (
        "run",
        &["model", "display", "aws", "xledger", "lake", "table", "catalog", "event", "report", "refresh", "settings"],
    ),
];

/// Who imports whom, by the paths of modules.
type Imports = BTreeMap<String, BTreeSet<String>>;

#[test]
fn rooms_import_each_other_one_way() {
    for (at, (room, imported)) in MAY_IMPORT.iter().enumerate() {
        let above: Vec<&str> = MAY_IMPORT[..at].iter().map(|(room, _)| *room).collect();
        assert!(imported.iter().all(|room| above.contains(room)), "{room} stands too high in the table");
    }
    let modules = Modules::read();
    let rooms: BTreeSet<&str> = modules.code.keys().map(|module| room(module)).collect();
    assert_eq!(rooms, MAY_IMPORT.iter().map(|(room, _)| *room).collect(), "each room has its line in the table");
    for (from, imported) in MAY_IMPORT {
        let found: BTreeMap<&str, String> = modules
            .imports
            .iter()
            .filter(|(module, _)| room(module) == from)
            .flat_map(|(module, targets)| targets.iter().map(move |to| (room(to), format!("{module} imports {to}"))))
            .filter(|(to, _)| *to != from)
            .collect();
        let too_many: Vec<_> = found.iter().filter(|(to, _)| !imported.contains(to)).collect();
        assert!(too_many.is_empty(), "{from} may not import: {too_many:#?}");
        let idle: Vec<_> = imported.iter().filter(|to| !found.contains_key(*to)).collect();
        assert!(idle.is_empty(), "{from} does not import {idle:?} any more: take it out of the table");
    }
}

#[test]
fn files_import_each_other_one_way() {
    let [command_line, simulator] = [("crates/xledger-spend-cli/src", "main.rs"), ("crates/xledger-sim/src", "lib.rs")]
        .map(|(directory, file)| Modules::below(directory, file));
    for modules in [Modules::read(), command_line, simulator] {
        let circles = circles(&modules.imports);
        assert!(circles.is_empty(), "a parent and its children may know each other, others may not: {circles:#?}");
    }
}

/// The client knows nothing of tables, and what is calculated waits for nothing.
#[test]
fn rooms_do_without_what_is_not_theirs() {
    let lacks: [(&str, &[&str]); 4] = [
        ("xledger", &["arrow", "parquet"]),
        ("table", &["async", "tokio"]),
        ("classify", &["async", "tokio"]),
        ("page", &["async", "tokio"]),
    ];
    for (module, code) in Modules::read().code {
        let words = lacks.iter().filter(|(of, _)| *of == room(&module)).flat_map(|(_, words)| *words);
        let found: Vec<&&str> = words.filter(|word| code.contains(**word)).collect();
        assert!(found.is_empty(), "{module} has {found:?}");
    }
}

/// The checks above see what they look for.
#[test]
fn an_import_is_found_however_it_is_written() {
    let code = |text: &str| (String::from("a"), text.to_owned());
    let text = "use crate::b::X;\nuse crate::c::{self, y::{Z, W}};\nfn f(_: super::d::T) {} // crate::not\nlet e = crate::e::go();";
    let code: BTreeMap<String, String> = [code(text)]
        .into_iter()
        .chain(["b", "c", "c::y", "d", "e"].map(|name| (name.to_owned(), String::new())))
        .collect();
    let imports = imports(&code);
    assert_eq!(imports["a"], ["b", "c", "c::y", "d", "e"].map(str::to_owned).into());

    let arrows = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "d::e"), ("d::e", "d")];
    let mut circle = Imports::new();
    for (from, to) in arrows {
        circle.entry(from.to_owned()).or_default().insert(to.to_owned());
    }
    assert_eq!(circles(&circle), [BTreeSet::from(["a", "b", "c"])]);
}

/// The modules of the library or of a program, without tests.
struct Modules {
    /// The code of each, without comments.
    code: BTreeMap<String, String>,
    imports: Imports,
}

impl Modules {
    fn read() -> Self {
        let modules = Self::below("src", "lib.rs");
        assert!(modules.code.len() > 80, "{}", modules.code.len());
        modules
    }

    fn below(directory: &str, file: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
        let mut code = BTreeMap::new();
        add_children(&root, "", &fs::read_to_string(root.join(file)).unwrap(), &mut code);
        assert!(code.len() > 10, "{}", code.len());
        let imports = imports(&code);
        Self { code, imports }
    }
}

/// Adds the modules that a file declares and that are not for tests alone.
fn add_children(root: &Path, parent: &str, text: &str, code: &mut BTreeMap<String, String>) {
    let mut before = "";
    for line in text.lines() {
        let is_for_tests = before.starts_with("#[cfg(test)]") || before.starts_with("#[cfg(any(test");
        before = if line.starts_with("#[path") { before } else { line };
        let declared = line.strip_suffix(';').and_then(|line| Some(line.split_once("mod ")?.1));
        let Some(name) = declared.filter(|name| !is_for_tests && !line.starts_with("//") && is_name(name)) else {
            continue;
        };
        let module = if parent.is_empty() { name.to_owned() } else { format!("{parent}::{name}") };
        let file = root.join(format!("{}.rs", module.replace("::", "/")));
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        add_children(root, &module, &text, code);
        code.insert(module, without_tests(&text));
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_of_name)
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Code without the tests at its end and without comments.
fn without_tests(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    code.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

fn room(module: &str) -> &str {
    module.split("::").next().unwrap()
}

/// Which modules each one names, by a path from the root of the library or from above.
fn imports(code: &BTreeMap<String, String>) -> Imports {
    let reexports = |module: &str| {
        let public = ["pub use ", "pub(crate) use ", "pub(super) use "];
        let text = &code[module];
        let uses = public.iter().flat_map(|word| text.match_indices(word).map(|(at, word)| &text[at + word.len()..]));
        uses.flat_map(|text| expanded(text.split(';').next().unwrap()))
            .map(|path| if path.starts_with("crate::") { path } else { format!("self::{path}") })
            .collect::<Vec<_>>()
    };
    // The module that each re-exported name comes from.
    let mut handed_on: BTreeMap<(String, String), String> = BTreeMap::new();
    for module in code.keys() {
        for path in reexports(module) {
            let target = absolute(module, &path);
            let name = target.rsplit("::").next().unwrap().to_owned();
            handed_on.insert((module.clone(), name), module_of(code, &target).0);
        }
    }
    let mut imports = Imports::new();
    for (module, text) in code {
        let targets = imports.entry(module.clone()).or_default();
        for path in ["crate::", "super::", "self::"].into_iter().flat_map(|start| paths(text, start)) {
            let (mut target, name) = module_of(code, &absolute(module, &path));
            while let Some(origin) = handed_on.get(&(target.clone(), name.clone())).filter(|origin| **origin != target)
            {
                target.clone_from(origin);
            }
            if !target.is_empty() && target != *module {
                targets.insert(target);
            }
        }
    }
    imports
}

/// All paths in a text that begin so, each `{…}` written out.
fn paths(text: &str, start: &str) -> Vec<String> {
    let begins = text.match_indices(start).map(|(at, _)| at);
    let begins = begins.filter(|at| !text[..*at].ends_with(|c: char| is_of_name(c) || c == ':'));
    begins.flat_map(|at| expanded(&text[at..])).collect()
}

/// The paths at the beginning of a text, one for each name in its `{…}`.
fn expanded(text: &str) -> Vec<String> {
    let end = text.find(|c: char| !is_of_name(c) && c != ':').unwrap_or(text.len());
    let (path, rest) = text.split_at(end);
    let path = path.trim_end_matches(':');
    let Some(group) = rest.strip_prefix('{') else { return vec![path.to_owned()] };
    let (mut depth, mut parts, mut part) = (0, Vec::new(), String::new());
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(std::mem::take(&mut part));
                continue;
            }
            _ => {}
        }
        part.push(c);
    }
    parts.push(part);
    let parts = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty());
    let parts = parts.flat_map(expanded);
    let joined = |part: String| match (path, part.as_str()) {
        ("", _) => part,
        (_, "self") => path.to_owned(),
        _ => format!("{path}::{part}"),
    };
    parts.map(joined).collect()
}

/// A path from the root of the library.
fn absolute(module: &str, path: &str) -> String {
    let mut at: Vec<&str> = module.split("::").collect();
    let mut names = path.split("::").peekable();
    match names.next() {
        Some("crate") => at.clear(),
        Some("super") => {
            at.pop();
            while names.next_if_eq(&"super").is_some() {
                at.pop();
            }
        }
        _ => {}
    }
    at.extend(names);
    at.join("::")
}

/// The module that a path leads to, and the name of what it leads to there.
fn module_of(code: &BTreeMap<String, String>, path: &str) -> (String, String) {
    let (mut module, mut name) = (path, "");
    while !module.is_empty() && !code.contains_key(module) {
        (module, name) = module.rsplit_once("::").unwrap_or(("", module));
    }
    (module.to_owned(), name.to_owned())
}

/// The circles of modules that reach each other, but for a parent and what lies in it.
fn circles(imports: &Imports) -> Vec<BTreeSet<&str>> {
    let is_kin = |a: &str, b: &str| a.strip_prefix(b).or(b.strip_prefix(a)).is_some_and(|rest| rest.starts_with("::"));
    let reached = |from: &str| {
        let mut reached: BTreeSet<&str> = BTreeSet::new();
        let mut open = vec![from.to_owned()];
        while let Some(module) = open.pop() {
            for to in imports.get(&module).into_iter().flatten().filter(|to| !is_kin(&module, to)) {
                if reached.insert(to) {
                    open.push(to.clone());
                }
            }
        }
        reached
    };
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        imports.keys().map(|module| (module.as_str(), reached(module))).collect();
    let mut circles: Vec<BTreeSet<&str>> = Vec::new();
    for (module, reach) in &reached {
        let circle: BTreeSet<&str> = reach
            .iter()
            .copied()
            .filter(|other| reached.get(other).is_some_and(|back| back.contains(module)))
            .collect();
        if !circle.is_empty() && !circles.contains(&circle) {
            circles.push(circle);
        }
    }
    circles
}
