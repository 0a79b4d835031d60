//! A small server on this machine, for tests: a provider of texts that speaks the Messages call as Twilio does, and whatever
//! else it is told to be. It keeps what it was sent.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What it does with the next call.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// Status and body.
    Say(u16, &'static str),
    /// Takes the text and says nothing.
    HangUp,
    /// Takes no call at all.
    HangUpAtOnce,
    /// These bytes, whatever they are, and hangs up.
    Bytes(Vec<u8>),
    /// These bytes, and then nothing, for as long as the caller waits.
    Stall(Vec<u8>),
}

/// A call as it came over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Call {
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value.as_str())
    }

    pub(crate) fn form(&self) -> Vec<(String, String)> {
        serde_html_form::from_str(&self.body).unwrap()
    }
}

#[derive(Default)]
struct State {
    told: VecDeque<Answer>,
    calls: Vec<Call>,
}

#[derive(Clone)]
pub(crate) struct Provider {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Provider {
    pub(crate) async fn start() -> Provider {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let provider = Provider { address: listener.local_addr().unwrap(), state: Arc::default() };
        let accepting = provider.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let provider = accepting.clone();
                // A client that goes away in mid-sentence is none of this provider's business.
                tokio::spawn(async move { provider.talk(stream).await.unwrap_or_default() });
            }
        });
        provider
    }

    /// The setting that names it.
    pub(crate) fn setting(&self) -> String {
        format!("twilio://AC1:hush:hush@{}?from=+15005550006", self.address)
    }

    pub(crate) fn next(&self, answer: Answer) {
        self.state.lock().unwrap().told.push_back(answer);
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.state.lock().unwrap().calls.clone()
    }

    async fn talk(&self, stream: TcpStream) -> std::io::Result<()> {
        let told = self.state.lock().unwrap().told.pop_front();
        if matches!(told, Some(Answer::HangUpAtOnce)) {
            return Ok(());
        }
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let mut headers = Vec::new();
        loop {
            let mut header = String::new();
            stream.read_line(&mut header).await?;
            match header.trim_end().split_once(": ") {
                Some((name, value)) => headers.push((name.to_owned(), value.to_owned())),
                None => break,
            }
        }
        let mut call = Call { line: line.trim_end().to_owned(), headers, body: String::new() };
        let mut body = vec![0; call.header("content-length").parse().unwrap_or(0)];
        stream.read_exact(&mut body).await?;
        call.body = String::from_utf8(body).unwrap();
        let is_known = call.header("authorization") == "Basic QUMxOmh1c2g6aHVzaA==";
        let is_text = call.line.starts_with("POST /2010-04-01/Accounts/AC1/Messages.json ");
        self.state.lock().unwrap().calls.push(call);
        let (status, said) = match told {
            Some(Answer::Say(status, said)) => (status, said),
            Some(Answer::Bytes(bytes)) => return stream.write_all(&bytes).await,
            Some(Answer::Stall(bytes)) => {
                stream.write_all(&bytes).await?;
                // Nothing more is sent: this ends when the caller goes.
                return stream.read(&mut [0; 1]).await.map(|_| ());
            }
            Some(_) => return Ok(()),
            None if !is_known => (401, r#"{"code":20003,"message":"Authenticate","status":401}"#),
            None if is_text => (201, r#"{"sid":"SM1","status":"queued","error_code":null}"#),
            None => (404, r#"{"code":20404,"message":"Not found","status":404}"#),
        };
        let length = said.len();
        let answer = format!(
            "HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{said}"
        );
        stream.write_all(answer.as_bytes()).await
    }
}
