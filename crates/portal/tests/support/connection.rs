//! A hand-written HTTP connection to the program, which reports a break at any byte.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// The number of answers on all connections.
pub(crate) static ANSWERS: AtomicUsize = AtomicUsize::new(0);

/// A connection of somebody the program knows.
pub(crate) struct Connection<'a> {
    stream: TcpStream,
    host: &'a str,
    credentials: &'a str,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    head: String,
}

impl Answer {
    /// A header by its lowercase name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(key, _)| *key == name).map(|(_, value)| value.trim()).next()
    }

    /// A header that is a number; 0 if it is missing.
    pub(crate) fn number(&self, name: &str) -> usize {
        self.header(name).map_or(0, |digits| digits.parse().expect("a number"))
    }

    /// Fails the test on another status.
    pub(crate) fn is(&self, status: u16) -> &Answer {
        assert_eq!(self.status, status, "{}\n{}", self.head, String::from_utf8_lossy(&self.body));
        self
    }
}

impl<'a> Connection<'a> {
    /// With the header that says who asks, such as `cookie: …`, or nothing. `None` if the program is gone.
    pub(crate) fn open(host: &'a str, credentials: &'a str) -> Option<Connection<'a>> {
        let stream = TcpStream::connect(host).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
        stream.set_nodelay(true).expect("no waiting for more");
        Some(Connection { stream, host, credentials })
    }

    /// Waits for the answer; `None` if the connection breaks before its end.
    pub(crate) fn request(&mut self, what: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Answer> {
        let mut request = format!(
            "{what} HTTP/1.1\r\nhost: {}\r\nsec-fetch-site: same-origin\r\naccept: application/json\r\n\
             content-length: {}\r\n",
            self.host,
            body.len()
        );
        if !self.credentials.is_empty() {
            request.push_str(&format!("{}\r\n", self.credentials));
        }
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        // In one write: a body after its head would wait for the head to be acknowledged.
        self.stream.write_all(&[request.as_bytes(), b"\r\n", body].concat()).ok()?;
        let mut come = Vec::new();
        let end = loop {
            match come.windows(4).position(|four| four == b"\r\n\r\n") {
                Some(end) => break end + 4,
                None => self.read(&mut come)?,
            }
        };
        let head = String::from_utf8_lossy(&come[..end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let mut answer = Answer { status, head, body: come.split_off(end) };
        let length = if what.starts_with("HEAD") { 0 } else { answer.number("content-length") };
        while answer.body.len() < length {
            self.read(&mut answer.body)?;
        }
        ANSWERS.fetch_add(1, Ordering::SeqCst);
        Some(answer)
    }

    fn read(&mut self, come: &mut Vec<u8>) -> Option<()> {
        let mut part = [0; 16 * 1024];
        let count = self.stream.read(&mut part).ok().filter(|count| *count > 0)?;
        come.extend_from_slice(&part[..count]);
        Some(())
    }
}
