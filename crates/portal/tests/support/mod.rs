//! The program as people use it: started, asked, told to stop.

#![allow(dead_code, missing_docs, unreachable_pub, reason = "each test binary uses a part of it")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

/// Longer than anything here takes, shorter than anybody waits.
const PATIENCE: Duration = Duration::from_secs(30);

/// A machine of its own: a working folder with a data folder in it.
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

    /// The program, with nothing of the tests' own environment that could matter to it.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portal"));
        command.current_dir(self.folder.path()).args(words).stdin(Stdio::null());
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

    /// Runs a command that must succeed; answers what it prints.
    pub fn does(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// Runs a command that must fail; answers its one line of complaint.
    pub fn refuses(&self, words: &[&str]) -> String {
        refusal(&mut self.command(words))
    }

    /// The Message-ID, without its host, of a mail in the outbox whose id begins so; waits for it.
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
        self.does(&["init", "--brand", "Harbor & Lee", "--admin-name", "Jane Lee", "--admin-email", JANE]);
    }

    pub fn starts(&self, words: &[&str]) -> Running {
        let mut all = words.to_vec();
        all.extend(["--listen", "127.0.0.1:0"]);
        Running::start(&mut self.command(&all))
    }
}

pub const JANE: &str = "jane@harborlee.example";

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

/// A portal that runs. It is killed when a test forgets it.
pub struct Running {
    child: Child,
    lines: BufReader<ChildStdout>,
    /// Where it listens: `http://127.0.0.1:…`.
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

    /// The next line that it prints.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("a line");
        line.trim_end().to_string()
    }

    /// The status that it answers a GET with.
    pub fn get(&self, path: &str) -> u16 {
        let answer = self.ask(&format!("GET {path}"), "Connection: close\r\n").1;
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        status.unwrap_or_else(|| panic!("{answer}"))
    }

    /// A page as whoever has this cookie sees it.
    pub fn page(&self, path: &str, cookie: &str) -> String {
        let headers = format!("Cookie: {cookie}\r\nAccept: text/html\r\nConnection: close\r\n");
        let (mut stream, head) = self.ask(&format!("GET {path}"), &headers);
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let mut body = Vec::new();
        stream.read_to_end(&mut body).expect("a page");
        text(&body)
    }

    /// Sends a form as a page of this portal does.
    pub fn post_form(&self, path: &str, form: &str) {
        let headers = format!(
            "Origin: {}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nConnection: close\r\n",
            self.address,
            form.len()
        );
        let head = self.ask_with(&format!("POST {path}"), &headers, form).1;
        assert!(head.starts_with("HTTP/1.1 303"), "{head}");
    }

    /// Sends a message to a channel, as whoever has this cookie.
    pub fn says(&self, channel: &str, id: &str, words: &str, cookie: &str) {
        let body = format!("{{\"id\":\"{id}\",\"text\":\"{words}\"}}");
        let headers = format!(
            "Origin: {}\r\nCookie: {cookie}\r\nAccept: application/json\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n",
            self.address,
            body.len()
        );
        let head = self.ask_with(&format!("POST /messages/{channel}"), &headers, &body).1;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    }

    /// The cookie that a sign-in address gives, as the page's button asks for it.
    pub fn sign_in(&self, address: &str) -> String {
        let path = address.strip_prefix(&self.address).expect("an address of this portal");
        let headers = format!("Origin: {}\r\nContent-Length: 0\r\nConnection: close\r\n", self.address);
        let answer = self.ask(&format!("POST {path}"), &headers).1;
        let cookie = answer
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("set-cookie: ").map(str::to_string));
        let cookie = cookie.unwrap_or_else(|| panic!("no cookie: {answer}"));
        cookie.split(';').next().unwrap_or_default().to_string()
    }

    /// An event stream of whoever has this cookie, open and ready.
    pub fn stream(&self, cookie: &str) -> TcpStream {
        let (stream, head) =
            self.ask("GET /live", &format!("Cookie: {cookie}\r\nAccept: text/event-stream\r\n"));
        assert!(head.starts_with("HTTP/1.1 200") && head.contains("text/event-stream"), "{head}");
        stream
    }

    /// Asks, and reads the head of the answer.
    fn ask(&self, what: &str, headers: &str) -> (TcpStream, String) {
        self.ask_with(what, headers, "")
    }

    fn ask_with(&self, what: &str, headers: &str, body: &str) -> (TcpStream, String) {
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

    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Waits for its end.
    pub fn ended(mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a status") {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end");
            // The end of another program cannot be waited for with a limit otherwise.
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn stop(self) {
        self.signal("TERM");
        assert_eq!(self.ended().code(), Some(0));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Fails where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// All rows of a backup, by table, in an order of their own.
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
