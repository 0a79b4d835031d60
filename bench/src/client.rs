//! A client that costs little compared with the server: HTTP/1.1 on one connection, and a counter of stream events.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::error::Result;

/// A kept-alive connection.
pub(crate) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// Where the last body begins.
    body: usize,
}

impl Client {
    pub(crate) async fn connect(address: &str) -> Result<Client> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Client { stream, buffer: Vec::with_capacity(64 * 1024), body: 0 })
    }

    /// Sends a request; returns the status and the length of the body.
    pub(crate) async fn send(&mut self, request: &[u8]) -> Result<(u16, usize)> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the server closed the connection".into());
            }
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                let head = std::str::from_utf8(&self.buffer[..end])?;
                let status = head.get(9..12).ok_or("no status")?.parse()?;
                let length: usize = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: "))
                    .ok_or("an answer without a length")?
                    .trim()
                    .parse()?;
                while self.buffer.len() < end + 4 + length {
                    if self.stream.read_buf(&mut self.buffer).await? == 0 {
                        return Err("the answer broke off".into());
                    }
                }
                self.body = end + 4;
                return Ok((status, length));
            }
        }
    }

    /// The body of the last answer.
    pub(crate) fn body(&self) -> &[u8] {
        &self.buffer[self.body..]
    }
}

/// A request that changes something, as from a page of the portal.
pub(crate) fn post(host: &str, path: &str, cookie: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: {host}\r\ncookie: {cookie}\r\nsec-fetch-site: same-origin\r\naccept: application/json\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A call of the API.
pub(crate) fn api_call(host: &str, method: &str, path: &str, key: &str, body: &str) -> Vec<u8> {
    format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nx-api-key: {key}\r\naccept: application/json\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A request for a page.
pub(crate) fn get(host: &str, path: &str, cookie: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: {host}\r\ncookie: {cookie}\r\naccept: text/html\r\n\r\n")
        .into_bytes()
}

/// An open event stream that counts events.
pub(crate) struct Events {
    stream: TcpStream,
    last: u8,
    /// Received and not waited for yet.
    received: usize,
}

impl Events {
    /// Opens a stream and waits for the head of the answer.
    pub(crate) async fn open(address: &str, request: &[u8]) -> Result<Events> {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(request).await?;
        let mut head = Vec::new();
        let end = loop {
            if let Some(end) = find(&head, b"\r\n\r\n") {
                break end + 4;
            }
            if stream.read_buf(&mut head).await? == 0 {
                return Err("the stream was refused".into());
            }
        };
        if head.get(9..12) != Some(&b"200"[..]) {
            return Err(format!("the stream was refused: {}", String::from_utf8_lossy(&head[..12])).into());
        }
        let mut events = Events { stream, last: 0, received: 0 };
        events.count(&head[end..]);
        Ok(events)
    }

    /// Waits for `count` more events.
    pub(crate) async fn wait_for(&mut self, count: usize) -> Result<()> {
        // The buffer exists only while reading: server and client share the memory of a machine.
        let mut buffer = Vec::with_capacity(16 * 1024);
        while self.received < count {
            buffer.clear();
            if self.stream.read_buf(&mut buffer).await? == 0 {
                return Err("the stream ended".into());
            }
            self.count(&buffer);
        }
        self.received -= count;
        Ok(())
    }

    /// An event ends with an empty line; nothing else contains two line feeds in a row.
    fn count(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if *byte == b'\n' && self.last == b'\n' {
                self.received += 1;
            }
            self.last = *byte;
        }
    }
}

fn find(buffer: &[u8], wanted: &[u8]) -> Option<usize> {
    buffer.windows(wanted.len()).position(|window| window == wanted)
}
