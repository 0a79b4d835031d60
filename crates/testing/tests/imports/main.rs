//! The house: no two files of a crate import each other, directly or through others, and domain's floors import one way.

mod graph;

use std::fs;
use std::path::Path;

use graph::{Graph, Module};

/// The floors of domain from the ground up. A floor imports only from itself and from those before its line.
const FLOORS: [&[&str]; 10] = [
    &["kernel"],
    &["tenant", "formatting"],
    &["directory"],
    &["channels"],
    &["files"],
    &["messages"],
    &["notify"],
    &["identity", "welcome", "webhooks"],
    &["administration"],
    &["arrival"],
];

#[test]
fn no_files_of_a_crate_import_each_other_in_a_circle() {
    let mut found = String::new();
    for (name, graph) in crates() {
        assert!(graph.imports.values().any(|imports| !imports.is_empty()), "nothing was read of {name}");
        for circle in graph.circles() {
            found.push_str(&format!("\nin {name}:\n{}", described(&graph, &circle)));
        }
    }
    assert!(found.is_empty(), "files that import each other in a circle:{found}");
}

#[test]
fn floors_of_domain_import_downwards_only() {
    let (_, graph) = crates().into_iter().find(|(name, _)| name == "domain").expect("the crate domain");
    let upwards = upwards(&graph);
    assert!(upwards.is_empty(), "imports from a lower floor, or beside it:\n{}", upwards.join("\n"));
    for module in graph.imports.keys().filter(|module| module.len() == 1) {
        assert!(level(&module[0]).is_some(), "{} is on no floor", module[0]);
    }
}

#[test]
fn a_circle_is_found_through_aliases_hands_and_macros() {
    let graph = Graph::of(&[
        ("", "mod a; mod b; mod c; mod d;"),
        ("a", "use crate::b; fn f() { b::g() }"),
        ("b", "pub use crate::c::h as g; fn k() { write!(x, crate::d::Y) }"),
        ("c", "use super::a::f; pub fn h() {}"),
        ("d", "pub struct Y; #[cfg(test)] mod tests { use crate::a::f; }"),
    ]);
    let circles = graph.circles();
    assert_eq!(circles.len(), 1, "{circles:?}");
    assert_eq!(described(&graph, &circles[0]), "  a -> c: h\n  c -> a: f\n");
}

#[test]
fn an_import_from_a_lower_floor_is_found() {
    let graph = Graph::of(&[
        ("kernel", ""),
        ("kernel::ids", "use crate::notify::due::next;"),
        ("notify", ""),
        ("notify::due", "use crate::kernel::ids::Id; pub fn next() {}"),
        ("tenant", "use crate::formatting::html;"),
        ("formatting", "pub fn html() {}"),
    ]);
    assert_eq!(upwards(&graph), ["kernel::ids -> notify::due: next", "tenant -> formatting: html"]);
}

fn crates() -> Vec<(String, Graph)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut sources: Vec<_> = fs::read_dir(root.join("crates"))
        .expect("the crates")
        .map(|entry| entry.expect("a crate").path())
        .chain([root.join("bench")])
        .collect();
    sources.sort();
    let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
    sources.iter().map(|path| (name(path), Graph::read(&path.join("src")))).collect()
}

fn level(floor: &str) -> Option<usize> {
    FLOORS.iter().position(|floors| floors.contains(&floor))
}

fn upwards(graph: &Graph) -> Vec<String> {
    let mut found = Vec::new();
    for (from, imports) in &graph.imports {
        for (to, names) in imports {
            let (Some(below), Some(above)) = (from.first(), to.first()) else { continue };
            if below != above && level(below) <= level(above) {
                found.push(arrow(from, to, names.iter()));
            }
        }
    }
    found
}

fn described(graph: &Graph, circle: &[Module]) -> String {
    let mut text = String::new();
    for from in circle {
        for (to, names) in graph.imports[from].iter().filter(|(to, _)| circle.contains(to)) {
            text.push_str(&format!("  {}\n", arrow(from, to, names.iter())));
        }
    }
    text
}

fn arrow<'a>(from: &Module, to: &Module, names: impl Iterator<Item = &'a String>) -> String {
    let names: Vec<&str> = names.map(String::as_str).collect();
    format!("{} -> {}: {}", from.join("::"), to.join("::"), names.join(", "))
}
