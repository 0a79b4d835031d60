//! When disks and machines fail: damaged files, narrow limits, and what a kill leaves behind.

mod support;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use support::{JANE, Machine, Running, text};

/// The blobs of a demonstration, which has three files.
fn blobs(machine: &Machine) -> Vec<PathBuf> {
    let folders = |path: &Path| -> Vec<PathBuf> {
        path.read_dir()
            .expect("a file")
            .map(|entry| entry.expect("a file").path())
            .filter(|path| path.is_dir())
            .collect()
    };
    let mut found = Vec::new();
    for workspace in folders(&machine.path("data/blobs")) {
        for spread in folders(&workspace) {
            found.extend(spread.read_dir().expect("a file").map(|entry| entry.expect("a file").path()));
        }
    }
    // Without staged uploads and small versions.
    found.retain(|path| path.file_name().expect("a file").len() == 36);
    found.sort();
    assert_eq!(found.len(), 3, "{found:?}");
    found
}

#[test]
fn f17_backup_restore_and_doctor_name_damaged_files_and_end_with_their_status() {
    let machine = Machine::new();
    machine.start(&["demo", "--data", "data"]).stop();
    let said = machine.succeeds(&["doctor"]);
    assert!(said.contains("ok       bytes: 3 read, "), "{said}");
    let [changed, shorter, missing] = blobs(&machine).try_into().unwrap();
    let mut bytes = fs::read(&changed).unwrap();
    bytes[100] ^= 1;
    fs::write(&changed, &bytes).unwrap();
    let length = shorter.metadata().unwrap().len();
    File::options().write(true).open(&shorter).unwrap().set_len(length - 1).unwrap();
    fs::remove_file(&missing).unwrap();
    let damages = [
        (changed, "changed".to_string()),
        (shorter, format!("shorter than it was: {} of {length} bytes", length - 1)),
        (missing, "missing".to_string()),
    ];
    for (words, status) in [
        (&["doctor"][..], 1),
        (&["backup", "portal.backup"], 2),
        (&["restore", "portal.backup", "--data", "restored"], 2),
        (&["doctor", "--data", "restored"], 1),
        (&["doctor", "--quick"], 0),
    ] {
        let output = machine.run(words);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{words:?}: {said}");
        for (blob, damage) in &damages {
            let blob = blob.file_name().unwrap().to_str().unwrap();
            let line = said.lines().find(|line| line.contains(blob));
            let is_named = line.is_some_and(|line| {
                line.starts_with("portal: damaged: \"") && line.contains(&format!(": {damage} (blob {blob})"))
            });
            assert_eq!(is_named, status > 0, "{words:?}: {said}");
        }
    }
}

#[test]
fn the_limit_of_open_files_is_raised_as_far_as_it_may_be() {
    let machine = Machine::new();
    let limits = "ulimit -S -n 256 && ulimit -H -n 2048";
    let running = Running::start(&mut machine.limited(limits, &["serve", "--listen", "127.0.0.1:0"]));
    let limits_now = fs::read_to_string(format!("/proc/{}/limits", running.id())).unwrap();
    let line = limits_now.lines().find(|line| line.starts_with("Max open files")).unwrap();
    assert_eq!(line.split_whitespace().collect::<Vec<_>>()[3..5], ["2048", "2048"], "{line}");
    running.stop();
    let said = text(&machine.limited(limits, &["doctor"]).output().unwrap().stdout);
    assert!(said.contains("note     open files: at most 2048 files may be open at once"), "{said}");
}

#[test]
fn a_limit_for_the_size_of_files_is_an_error_and_not_the_end() {
    let machine = Machine::new();
    machine.start(&["demo", "--data", "data"]).stop();
    // In blocks of 512 bytes: less than the backup needs.
    let output = machine.limited("ulimit -f 80", &["backup", "portal.backup"]).output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.starts_with("portal: cannot write portal.backup: ") && said.contains("too large"), "{said}");
    assert!(!machine.path("portal.backup").exists());

    let key = machine.succeeds(&["key", "create", "--as", JANE]);
    let running =
        Running::start(&mut machine.limited("ulimit -f 16384", &["serve", "--listen", "127.0.0.1:0"]));
    let call = |what: &str, body: &str, kind: &str| {
        let headers = format!(
            "X-API-Key: {}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n",
            key.trim(),
            body.len()
        );
        let (mut stream, head) = running.request_with(what, &headers, body);
        let mut rest = Vec::new();
        std::io::Read::read_to_end(&mut stream, &mut rest).unwrap();
        (head, text(&rest))
    };
    let field = |json: &str, name: &str| -> String {
        let value: serde_json::Value = serde_json::from_str(json).unwrap();
        value.pointer(name).and_then(|value| value.as_str()).unwrap_or_else(|| panic!("{json}")).to_string()
    };
    let channel = field(&call("GET /v1/message-channels", "", "application/json").1, "/data/0/id");
    let upload = |path: &str, size: usize| {
        let file = format!("{{\"channelId\":\"{channel}\",\"path\":\"{path}\"}}");
        let address = field(&call("POST /v1/files/file", &file, "application/json").1, "/uploadUrl");
        let address = address.strip_prefix(&running.address).unwrap().to_string();
        call(&format!("PUT {address}"), &"x".repeat(size), "application/octet-stream").0
    };
    assert!(upload("large.txt", 9_000_000).starts_with("HTTP/1.1 507 "));
    assert!(upload("small.txt", 9_000).starts_with("HTTP/1.1 200 "));
    // The database's own files are no different: they reach the limit with many long messages.
    let long = format!("{{\"channelId\":\"{channel}\",\"text\":\"{}\"}}", "long ".repeat(1_800));
    let refused = (0..5_000).find_map(|_| {
        let head = call("POST /v1/messages", &long, "application/json").0;
        (!head.starts_with("HTTP/1.1 200 ")).then_some(head)
    });
    let refused = refused.expect("the database grows");
    assert!(refused.starts_with("HTTP/1.1 507 "), "{refused}");
    assert_eq!(running.get("/healthz"), 200);
    running.stop();
}

/// Creates a file, or a folder, that was last written so long ago.
fn written(path: &Path, is_folder: bool, age: Duration) {
    if is_folder {
        fs::create_dir_all(path).expect("a file");
    } else {
        fs::create_dir_all(path.parent().expect("a file")).expect("a file");
        fs::write(path, "half").expect("a file");
    }
    File::open(path).expect("a file").set_modified(SystemTime::now() - age).expect("a file");
}

#[test]
fn what_a_kill_left_behind_is_removed_after_a_day() {
    const DAYS: Duration = Duration::from_secs(2 * 24 * 3600);
    const MINUTE: Duration = Duration::from_secs(60);
    let machine = Machine::new();
    machine.init();
    let started = [
        "data/.address-a1B2c3",
        "data/.backup-a1B2c3",
        "data/outbox/.digest.0190.eml.7.0.part",
        "data/blobs/.check.7.0.part",
        "data/blobs/0190b5a0-0000-7000-8000-000000000000/ab/.0190.small.7.1.part",
        "temporary/portal-document-a1B2c3",
    ];
    let kept =
        ["data/.backup-of-monday", "data/.Digest.part", "temporary/other-a1B2c3", "elsewhere/.backup-a1B2c3"];
    started.iter().chain(&kept).for_each(|name| written(&machine.path(name), false, DAYS));
    let young = ["data/.backup-z9Y8x7", "temporary/portal-document-z9Y8x7"];
    young.iter().for_each(|name| written(&machine.path(name), false, MINUTE));

    let mut command = machine.command(&["serve", "--listen", "127.0.0.1:0"]);
    let running = Running::start(command.env("TMPDIR", machine.path("temporary")));
    let begun = SystemTime::now();
    // The store of blobs is looked through beside the first requests.
    while started.iter().any(|name| machine.path(name).exists()) && begun.elapsed().unwrap() < MINUTE {
        std::thread::sleep(Duration::from_millis(10));
    }
    let left: Vec<_> = started.iter().filter(|name| machine.path(name).exists()).collect();
    assert!(left.is_empty(), "{left:?}");
    assert!(kept.iter().chain(&young).all(|name| machine.path(name).exists()));
    running.stop();

    machine.succeeds(&["backup", "elsewhere/portal.backup"]);
    assert!(!machine.path("elsewhere/.backup-a1B2c3").exists());
}

#[test]
fn the_folder_of_a_killed_demonstration_is_removed_by_a_later_one() {
    let machine = Machine::new();
    let temporary = machine.path("temporary");
    fs::create_dir(&temporary).unwrap();
    let demonstration = || {
        let mut command = machine.command(&["demo", "--listen", "127.0.0.1:0"]);
        Running::start(command.env("TMPDIR", &temporary))
    };
    let folders =
        || -> Vec<PathBuf> { temporary.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect() };
    let first = demonstration();
    let [folder] = folders().try_into().unwrap();
    let age = || {
        let days = SystemTime::now() - Duration::from_secs(2 * 24 * 3600);
        File::open(&folder).unwrap().set_modified(days).unwrap();
    };
    age();
    demonstration().stop();
    assert!(folder.exists(), "it is being served");
    first.signal("KILL");
    first.wait();
    age();
    demonstration().stop();
    assert!(!folder.exists());
}
