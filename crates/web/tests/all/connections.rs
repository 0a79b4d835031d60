//! Connections, on loopback: what is said when one is closed, and how a transfer ends that cannot be completed.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::support::{Firm, HOST, Portal};

const PATIENCE: Duration = Duration::from_secs(20);

/// A portal that listens.
pub struct Server {
    address: SocketAddr,
    _stop: watch::Sender<bool>,
}

impl Server {
    pub async fn start(portal: &Portal) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopping) = watch::channel(false);
        tokio::spawn(web::serve(listener, portal.router.clone(), stopping));
        Server { address, _stop: stop }
    }

    /// Sends a request and reads what comes until the connection is closed.
    pub async fn ask(&self, what: &str, headers: &str, body: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let head = format!("{what} HTTP/1.1\r\nHost: {HOST}\r\n{headers}\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        // A server that closes early does not take it all.
        let _ = stream.write_all(body).await;
        let mut answer = Vec::new();
        let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer));
        let _ = read.await.expect("the connection is closed");
        answer
    }

    /// Whether the connection stays open after the answer to a request.
    async fn keeps(&self, what: &str, headers: &str, body: &[u8]) -> (String, bool) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let head = format!("{what} HTTP/1.1\r\nHost: {HOST}\r\n{headers}\r\n");
        stream.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
        let first = head_of(&mut stream).await;
        let again = format!("GET /healthz HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n");
        let mut rest = Vec::new();
        let is_open = stream.write_all(again.as_bytes()).await.is_ok()
            && tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest)).await.unwrap().is_ok();
        (first, is_open && String::from_utf8_lossy(&rest).contains("HTTP/1.1 200 OK"))
    }
}

async fn head_of(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(tokio::time::timeout(PATIENCE, stream.read_u8()).await.unwrap().unwrap());
    }
    String::from_utf8(head).unwrap().to_ascii_lowercase()
}

const FORM: &str = "Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n";
const TUS: &str = "Tus-Resumable: 1.0.0\r\nContent-Type: application/offset+octet-stream\r\n";

#[tokio::test]
async fn a_refusal_before_the_body_was_read_says_that_the_connection_is_closed() {
    let firm = Firm::new().await;
    let server = Server::start(&firm.portal).await;
    let much = "Content-Length: 1000000000\r\n";
    let upload = "Upload-Offset: 0\r\nSec-Fetch-Site: same-origin\r\nAccept: application/json\r\n";
    let json = "Content-Type: application/json\r\n";
    let expects = "Content-Length: 5000000\r\nExpect: 100-continue\r\n";
    for (what, headers, status) in [
        // Too large, told by its length alone.
        ("POST /early-access", format!("{FORM}{much}"), 413),
        ("POST /early-access", format!("{FORM}{expects}"), 413),
        ("POST /sign-in", format!("Sec-Fetch-Site: cross-site\r\n{much}"), 403),
        ("POST /sign-in", format!("Sec-Fetch-Site: same-origin\r\nContent-Type: text/plain\r\n{much}"), 415),
        ("POST /nowhere", format!("{FORM}{much}"), 404),
        ("DELETE /early-access", format!("{FORM}{much}"), 405),
        ("PATCH /uploads/0190b5a0-0000-7000-8000-000000000000", format!("{TUS}{upload}{much}"), 401),
        ("PUT /signed/0000", much.to_string(), 404),
        ("POST /v1/messages", format!("{json}{much}"), 401),
        ("POST /v1/messages", format!("{json}X-API-Key: x\r\nTransfer-Encoding: chunked\r\n"), 401),
    ] {
        let answer = String::from_utf8(server.ask(what, &headers, b"").await).unwrap().to_ascii_lowercase();
        let is_told = answer.lines().any(|line| line == "connection: close");
        assert!(answer.starts_with(&format!("http/1.1 {status} ")) && is_told, "{what} {headers}: {answer}");
    }
}

#[tokio::test]
async fn a_refusal_of_a_short_request_keeps_the_connection() {
    let firm = Firm::new().await;
    let server = Server::start(&firm.portal).await;
    let json = "Content-Type: application/json\r\n";
    for (what, headers, body) in [
        ("POST /v1/messages", format!("{json}Content-Length: 2\r\n"), &b"{}"[..]),
        ("POST /v1/messages", format!("{json}Transfer-Encoding: chunked\r\n"), b"2\r\n{}\r\n0\r\n\r\n"),
        ("POST /nowhere", format!("{FORM}Content-Length: 3\r\n"), b"a=b"),
        ("GET /nowhere", String::new(), b""),
    ] {
        let (head, is_kept) = server.keeps(what, &headers, body).await;
        assert!(head.starts_with("http/1.1 40") && !head.contains("connection: close"), "{what}: {head}");
        assert!(is_kept, "{what}");
    }
}
