//! What the portal needs of its machine: a folder, room on the disk, open files.

use std::path::Path;
use std::process::Command;

use super::report::Finding;

/// Below this the disk counts as full: SQLite needs room for its log, a backup for its file.
const FREE_BYTES_MIN: u64 = 200 << 20;
/// Below this somebody should be told.
const FREE_BYTES_NOTED: u64 = 2 << 30;
/// All connections that the portal accepts, and what else it opens.
const OPEN_FILES_MIN: u64 = 24_000;

/// Whether files can be created there, and who else can read them.
pub(super) fn folder(data: &Path) -> Finding {
    let place = nearest(data);
    if let Err(error) = tempfile::tempfile_in(place) {
        return Finding::Problem(format!(
            "no file can be made in {}: {error}; give it to the user that the portal runs as, or set PORTAL_DATA to another folder",
            place.display()
        ));
    }
    if place != data {
        return Finding::Good(format!("{} is not there yet and can be made", data.display()));
    }
    #[cfg(unix)]
    if let Ok(facts) = data.metadata()
        && std::os::unix::fs::PermissionsExt::mode(&facts.permissions()) & 0o077 != 0
    {
        return Finding::Note(format!(
            "{0} is open to other users of this machine: chmod 700 {0}",
            data.display()
        ));
    }
    Finding::Good(format!("{} can be written to", data.display()))
}

/// The folder itself, or the one in which it will be created.
fn nearest(data: &Path) -> &Path {
    data.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("."))
}

/// The limit that `portal serve` will have.
pub(super) fn open_files(limit: Option<u64>) -> Finding {
    match limit {
        Some(limit) if limit < OPEN_FILES_MIN => Finding::Note(format!(
            "at most {limit} files may be open at once, and each open page needs one: allow {OPEN_FILES_MIN} (LimitNOFILE= with systemd, `ulimit -Hn` in a shell)"
        )),
        Some(limit) => Finding::Good(format!("{limit} files may be open at once")),
        None => Finding::Good("any number of files may be open at once".to_string()),
    }
}

pub(super) fn disk(data: &Path) -> Finding {
    match free_bytes(nearest(data)) {
        None => Finding::Note("how much is free cannot be told: `df` gives no answer here".to_string()),
        Some(free) if free < FREE_BYTES_MIN => {
            Finding::Problem(format!("only {} MB free under {}: make room", free >> 20, data.display()))
        }
        Some(free) if free < FREE_BYTES_NOTED => {
            Finding::Note(format!("{} MB free under {}: make room soon", free >> 20, data.display()))
        }
        Some(free) => Finding::Good(format!("{} GB free under {}", free >> 30, data.display())),
    }
}

/// The standard library cannot ask for this; `df -P` is the same everywhere (POSIX).
fn free_bytes(folder: &Path) -> Option<u64> {
    let output = Command::new("df").args(["-Pk", "--"]).arg(folder).env("LC_ALL", "C").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    free_in(&text)
}

/// The column before the percentage in the second line: the first column may contain spaces.
fn free_in(df: &str) -> Option<u64> {
    let line = df.lines().nth(1)?;
    let percent = line.split_whitespace().position(|word| word.ends_with('%'))?;
    let kilobytes: u64 = line.split_whitespace().nth(percent.checked_sub(1)?)?.parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_free_stands_before_the_percentage() {
        let df = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/a disk 100 40 60 40% /srv/my data\n";
        assert_eq!(free_in(df), Some(60 * 1024));
        assert_eq!(free_in("nonsense\n"), None);
        assert_eq!(free_in("h\n1 2 3\n"), None);
    }

    #[test]
    fn few_open_files_are_remarked() {
        assert!(matches!(open_files(Some(4_096)), Finding::Note(_)));
        assert!(matches!(open_files(Some(65_536)), Finding::Good(_)));
        assert!(matches!(open_files(None), Finding::Good(_)));
    }
}
