//! A small SMTP server on this machine, for tests: it takes mail, and can be told what to answer at a step instead of
//! what it would.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// Where in a conversation an answer can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Greeting,
    Hello,
    SignIn,
    Sender,
    Recipient,
    Data,
    /// After the last line of the mail.
    Body,
    Noop,
    Reset,
    Goodbye,
    Unknown,
}

/// What it answers instead.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    Say(&'static str),
    HangUp,
    /// Nothing, until [`Server::speak`]; then what it would have answered.
    Silence,
}

/// A mail as it came over the wire, without dot-stuffing.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) sender: String,
    pub(crate) recipients: Vec<String>,
    pub(crate) bytes: Vec<u8>,
    /// Which connection it came over, counted from 1.
    pub(crate) connection: usize,
}

#[derive(Default)]
struct State {
    told: VecDeque<(Step, Answer)>,
    mails: Vec<Received>,
    commands: Vec<String>,
    connections: usize,
    sign_in: Option<&'static str>,
}

#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
    silent: Arc<Notify>,
    speak: Arc<Notify>,
}

impl Server {
    pub(crate) async fn start() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Server {
            address: listener.local_addr().unwrap(),
            state: Arc::default(),
            silent: Arc::default(),
            speak: Arc::default(),
        };
        let accepting = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let connection = {
                    let mut state = accepting.state.lock().unwrap();
                    state.connections += 1;
                    state.connections
                };
                let server = accepting.clone();
                // A client that goes away in mid-sentence is none of this server's business.
                tokio::spawn(async move { server.talk(stream, connection).await.unwrap_or_default() });
            }
        });
        server
    }

    /// Wants this sign-in, as the client has to write it: base64 of NUL, user, NUL, password.
    pub(crate) fn wants(&self, sign_in: &'static str) {
        self.state.lock().unwrap().sign_in = Some(sign_in);
    }

    /// The next time that this step is reached, answers so.
    pub(crate) fn next(&self, step: Step, answer: Answer) {
        self.state.lock().unwrap().told.push_back((step, answer));
    }

    /// Waits until a [`Answer::Silence`] has begun.
    pub(crate) async fn fell_silent(&self) {
        self.silent.notified().await;
    }

    /// Ends a silence.
    pub(crate) fn speak(&self) {
        self.speak.notify_one();
    }

    pub(crate) fn mails(&self) -> Vec<Received> {
        self.state.lock().unwrap().mails.clone()
    }

    pub(crate) fn commands(&self) -> Vec<String> {
        self.state.lock().unwrap().commands.clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.state.lock().unwrap().connections
    }

    async fn talk(&self, stream: TcpStream, connection: usize) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        let (mut sender, mut recipients) = (None, Vec::new());
        let mut goes_on = self.answer(&mut stream, Step::Greeting, "220 test.example ESMTP").await?.is_some();
        let mut line = String::new();
        while goes_on && stream.read_line(&mut line).await? > 0 {
            let command = std::mem::take(&mut line).trim_end_matches("\r\n").to_owned();
            self.state.lock().unwrap().commands.push(command.clone());
            let sign_in = self.state.lock().unwrap().sign_in;
            let welcome = sign_in.is_some_and(|sign_in| command == format!("AUTH PLAIN {sign_in}"));
            let (step, usual) = match command.split(' ').next().unwrap_or_default() {
                "EHLO" if sign_in.is_some() => (Step::Hello, "250-test.example\r\n250 AUTH PLAIN"),
                "EHLO" => (Step::Hello, "250-test.example\r\n250 8BITMIME"),
                "AUTH" if welcome => (Step::SignIn, "235 welcome"),
                "AUTH" => (Step::SignIn, "535 5.7.8 no"),
                "MAIL" if sender.is_some() => (Step::Sender, "503 5.5.1 one mail at a time"),
                "MAIL" => (Step::Sender, "250 ok"),
                "RCPT" => (Step::Recipient, "250 ok"),
                "DATA" => (Step::Data, "354 go on"),
                "NOOP" => (Step::Noop, "250 ok"),
                "RSET" => (Step::Reset, "250 ok"),
                "QUIT" => (Step::Goodbye, "221 bye"),
                _ => (Step::Unknown, "500 5.5.1 what?"),
            };
            let agreed = self.answer(&mut stream, step, usual).await?;
            goes_on = agreed.is_some() && step != Step::Goodbye;
            match step {
                _ if agreed != Some(true) => {}
                Step::Sender => sender = Some(path(&command)),
                Step::Recipient => recipients.push(path(&command)),
                Step::Reset => (sender, recipients) = (None, Vec::new()),
                Step::Data => {
                    let received = Received {
                        sender: sender.take().unwrap_or_default(),
                        recipients: std::mem::take(&mut recipients),
                        bytes: body(&mut stream).await?,
                        connection,
                    };
                    self.state.lock().unwrap().mails.push(received);
                    goes_on = self.answer(&mut stream, Step::Body, "250 taken").await?.is_some();
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Answers, and says whether that was a yes; `None` when it hangs up instead.
    async fn answer(
        &self,
        stream: &mut BufReader<TcpStream>,
        step: Step,
        usual: &str,
    ) -> std::io::Result<Option<bool>> {
        let told = {
            let mut state = self.state.lock().unwrap();
            let place = state.told.iter().position(|(told, _)| *told == step);
            place.and_then(|place| state.told.remove(place))
        };
        let answer = match told {
            Some((_, Answer::HangUp)) => return Ok(None),
            Some((_, Answer::Say(answer))) => answer,
            Some((_, Answer::Silence)) => {
                self.silent.notify_one();
                self.speak.notified().await;
                usual
            }
            None => usual,
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
        Ok(Some(answer.starts_with(['2', '3'])))
    }
}

/// What stands between the angle brackets of MAIL and RCPT.
fn path(command: &str) -> String {
    let start = command.find('<').map_or(0, |place| place + 1);
    let end = command.rfind('>').unwrap_or(command.len());
    command[start..end].to_owned()
}

/// The mail up to the line that is a dot alone.
async fn body(stream: &mut BufReader<TcpStream>) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n.\r\n") {
        bytes.push(stream.read_u8().await?);
    }
    bytes.truncate(bytes.len() - ".\r\n".len());
    let mut plain = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        plain.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
    }
    Ok(plain)
}
