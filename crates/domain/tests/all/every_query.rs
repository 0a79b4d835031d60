//! No query may forget its workspace: every SQL text in the domain is checked, and one without a workspace must be on the
//! list of those meant to span all of them.

use std::path::{Path, PathBuf};

/// Statements that span workspaces on purpose, by their beginning, with the reason.
const ACROSS: &[(&str, &str)] = &[
    (
        "SELECT window_start, count FROM tries",
        "tries are counted before anybody is known; subjects carry the workspace",
    ),
    ("INSERT INTO tries", "as above"),
    ("UPDATE tries", "as above"),
    ("DELETE FROM tries", "as above"),
    ("SELECT rowid FROM message_words", "how far the index of all workspaces has come"),
    ("SELECT max(search_row) FROM messages", "as above"),
    (
        "INSERT INTO message_words (message_words) VALUES ('delete-all')",
        "the index is made anew for all of them",
    ),
    ("SELECT min(CASE WHEN leased_until", "a worker asks when anything at all is due next"),
    ("SELECT min(decide_at) FROM due", "as above"),
    ("DELETE FROM webhooks WHERE deleted_at", "a sweep of what was deleted, wherever it is"),
    ("SELECT min(next_try_at) FROM previews", "as above"),
    ("SELECT * FROM ({} UNION ALL", "each of its parts names its workspace"),
    ("UPDATE previews SET next_try_at = $1, tries = 0", "after a restore all of them are made anew"),
    (
        "SELECT person FROM uploads WHERE coalesce(staged, id) = $1",
        "what lies staged is named by its upload alone",
    ),
    ("DELETE FROM sign_in_links WHERE token_hash IN", "a sweep of what ran out, wherever it is"),
    (
        "INSERT INTO sign_in_links (token_hash, kind, created_at",
        "the set-up link is made before any workspace is",
    ),
    ("SELECT at FROM clock_seen", "the machine's clock is everybody's"),
    ("INSERT INTO clock_seen", "as above"),
    ("UPDATE {table} SET {column} = {column} -", "what waits in any workspace is put back with the clock"),
    ("SELECT 1 FROM sign_in_links WHERE token_hash = $1 AND kind = 'setUp'", "as above"),
    ("DELETE FROM sign_in_links WHERE kind = 'setUp'", "as above"),
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The string literals of a source text, with continued lines joined.
fn literals(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    for part in source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
        .split('"')
        .skip(1)
        .step_by(2)
    {
        let joined = part.split("\\\n").map(str::trim_start).collect::<Vec<_>>().join("");
        found.push(joined.trim().to_string());
    }
    found
}

fn is_statement(text: &str) -> bool {
    let data = ["FROM ", "INTO ", "UPDATE ", "JOIN "];
    let begins = text.trim_start_matches(['(', ' ']);
    ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "].iter().any(|word| begins.starts_with(word))
        && data.iter().any(|word| text.contains(word))
}

#[test]
fn every_query_names_its_workspace() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut statements = 0;
    let mut forgetful = Vec::new();
    for path in sources(&folder) {
        let source = std::fs::read_to_string(&path).expect("a source");
        for text in literals(&source).into_iter().filter(|text| is_statement(text)) {
            statements += 1;
            let is_across = ACROSS.iter().any(|(begin, _)| text.starts_with(begin));
            if !text.contains("workspace") && !is_across {
                forgetful.push(format!("{}: {text}", path.display()));
            }
        }
    }
    assert!(statements > 80, "only {statements} statements were found: the test no longer reads them");
    assert!(forgetful.is_empty(), "without a workspace:\n{}", forgetful.join("\n"));
}

#[test]
fn the_test_would_notice_a_query_that_forgets() {
    let source = "let x = tx.run(\n    \"DELETE FROM members \\\n     WHERE person = $1\", &[]);";
    let found = literals(source);
    assert_eq!(found, ["DELETE FROM members WHERE person = $1"]);
    assert!(is_statement(&found[0]) && !found[0].contains("workspace"));
}
