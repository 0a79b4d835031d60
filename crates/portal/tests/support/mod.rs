//! Runs the program as people do.

#![allow(dead_code, missing_docs, unreachable_pub, reason = "each test binary uses a part of it")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A working folder with a data folder in it.
pub struct Machine {
    folder: tempfile::TempDir,
}

impl Machine {
    pub fn new() -> Machine {
        Machine { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program under limits that a shell sets, such as `ulimit -S -n 256`.
    pub fn limited(&self, limits: &str, words: &[&str]) -> Command {
        let mut command = Command::new("/bin/sh");
        let script = format!("{limits} && exec \"$@\"");
        command.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_portal")]).args(words);
        self.settled(command)
    }

    /// The program, without the settings in the environment of the tests.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portal"));
        command.args(words);
        self.settled(command)
    }

    fn settled(&self, mut command: Command) -> Command {
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PORTAL_") {
                command.env_remove(name);
            }
        }
        command
    }

    pub fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().expect("the program runs")
    }

    /// Runs a command that must succeed; returns its output.
    pub fn succeeds(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// Runs a command that must fail; returns its error.
    pub fn fails(&self, words: &[&str]) -> String {
        refusal(&mut self.command(words))
    }

    /// Waits for a mail in the outbox whose Message-ID begins so; returns the id without its host.
    pub fn mail_id(&self, begins: &str) -> String {
        let begun = Instant::now();
        loop {
            let files = std::fs::read_dir(self.path("data/outbox")).into_iter().flatten().flatten();
            let mut names = files.map(|file| file.file_name().to_string_lossy().into_owned());
            if let Some(name) = names.find(|name| name.starts_with(begins)) {
                return name.split('@').next().unwrap_or_default().to_string();
            }
            assert!(begun.elapsed() < PATIENCE, "no mail {begins}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn init(&self) {
        self.succeeds(&INIT);
    }

    pub fn start(&self, words: &[&str]) -> Running {
        let mut all = words.to_vec();
        all.extend(["--listen", "127.0.0.1:0"]);
        Running::start(&mut self.command(&all))
    }
}

pub const JANE: &str = "jane@harborlee.example";

/// Sets the portal of a firm up, whose admin is Jane.
pub const INIT: [&str; 7] =
    ["init", "--brand", "Harbor & Lee", "--admin-name", "Jane Lee", "--admin-email", JANE];

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// Runs a command that must fail with nothing on standard output and one line on standard error.
pub fn refusal(command: &mut Command) -> String {
    let output = command.output().expect("the program runs");
    assert!(!output.status.success() && output.status.code().is_some(), "{command:?} did not fail in order");
    assert_eq!(text(&output.stdout), "");
    let said = text(&output.stderr);
    assert!(said.starts_with("portal: ") && said.lines().count() == 1, "{said}");
    said.trim_end().to_string()
}

/// A running portal, killed when it is dropped.
pub struct Running {
    child: Child,
    lines: BufReader<ChildStdout>,
    /// Such as `http://127.0.0.1:…`.
    pub address: String,
}

impl Running {
    pub fn start(command: &mut Command) -> Running {
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program runs");
        let lines = BufReader::new(child.stdout.take().expect("its standard output"));
        let mut running = Running { child, lines, address: String::new() };
        let line = running.line();
        let address = line.strip_prefix("Listening on ").unwrap_or_else(|| panic!("{line:?}"));
        running.address = address.to_string();
        running
    }

    /// The next line of its output.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("a line");
        line.trim_end().to_string()
    }

    /// The status of a GET.
    pub fn get(&self, path: &str) -> u16 {
        let answer = self.request(&format!("GET {path}"), "Connection: close\r\n").1;
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        status.unwrap_or_else(|| panic!("{answer}"))
    }

    pub fn page(&self, path: &str, cookie: &str) -> String {
        let headers = format!("Cookie: {cookie}\r\nAccept: text/html\r\nConnection: close\r\n");
        let (mut stream, head) = self.request(&format!("GET {path}"), &headers);
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let mut body = Vec::new();
        stream.read_to_end(&mut body).expect("a page");
        text(&body)
    }

    pub fn post_form(&self, path: &str, form: &str) {
        let headers = format!(
            "Origin: {}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nConnection: close\r\n",
            self.address,
            form.len()
        );
        let head = self.request_with(&format!("POST {path}"), &headers, form).1;
        assert!(head.starts_with("HTTP/1.1 303"), "{head}");
    }

    pub fn post_message(&self, channel: &str, id: &str, words: &str, cookie: &str) {
        let body = format!("{{\"id\":\"{id}\",\"text\":\"{words}\"}}");
        let headers = format!(
            "Origin: {}\r\nCookie: {cookie}\r\nAccept: application/json\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n",
            self.address,
            body.len()
        );
        let head = self.request_with(&format!("POST /messages/{channel}"), &headers, &body).1;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    }

    /// Uses a sign-in link as the button of its page does; returns the cookie.
    pub fn sign_in(&self, address: &str) -> String {
        let path = address.strip_prefix(&self.address).expect("an address of this portal");
        let headers = format!("Origin: {}\r\nContent-Length: 0\r\nConnection: close\r\n", self.address);
        let answer = self.request(&format!("POST {path}"), &headers).1;
        let cookie = answer
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("set-cookie: ").map(str::to_string));
        let cookie = cookie.unwrap_or_else(|| panic!("no cookie: {answer}"));
        cookie.split(';').next().unwrap_or_default().to_string()
    }

    /// An open event stream.
    pub fn stream(&self, cookie: &str) -> TcpStream {
        let (stream, head) =
            self.request("GET /live", &format!("Cookie: {cookie}\r\nAccept: text/event-stream\r\n"));
        assert!(head.starts_with("HTTP/1.1 200") && head.contains("text/event-stream"), "{head}");
        stream
    }

    /// Sends a request and reads the head of the answer.
    fn request(&self, what: &str, headers: &str) -> (TcpStream, String) {
        self.request_with(what, headers, "")
    }

    pub fn request_with(&self, what: &str, headers: &str, body: &str) -> (TcpStream, String) {
        let host = self.address.strip_prefix("http://").expect("an address");
        let mut stream = TcpStream::connect(host).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
        write!(stream, "{what} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n{body}").expect("a request");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("an answer");
            head.extend(byte);
        }
        (stream, text(&head))
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }

    pub fn wait(mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a status") {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end");
            // The standard library cannot wait for a process with a limit.
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn stop(self) {
        self.signal("TERM");
        assert_eq!(self.wait().code(), Some(0));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Fails if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// All rows of a backup with their tables, sorted.
pub fn rows(backup: &Path) -> Vec<(String, String)> {
    let file = std::fs::File::open(backup).expect("the backup");
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
    let mut rows = Vec::new();
    for entry in archive.entries().expect("its entries") {
        let mut entry = entry.expect("an entry");
        let name = entry.path().expect("a name").display().to_string();
        let Some(table) = name.strip_prefix("tables/").and_then(|rest| rest.split('/').next()) else {
            continue;
        };
        let mut text = String::new();
        entry.read_to_string(&mut text).expect("text");
        rows.extend(text.lines().skip(1).map(|row| (table.to_string(), row.to_string())));
    }
    rows.sort();
    rows
}
