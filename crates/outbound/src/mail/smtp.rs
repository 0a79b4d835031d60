//! Mail through an SMTP server, with a pool of `lettre`'s connections.
//!
//! The pool is our own because of the time limit: `lettre` returns a connection whose sending was given up to its pool, where
//! the late answer to one mail would be taken for the answer to the next. Here such a connection is dropped. After a plain
//! refusal (one recipient unknown) it is kept, where `lettre` would close it.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lettre::address::Envelope;
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{self, Data, Noop, Quit, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use tokio::time::{Instant, timeout};

use super::error::MailError;
use super::one_line::one_line;
use super::status::Status;

/// For one network address of the server to answer; it may have several, of which the first may be unreachable.
const ADDRESS_TIMEOUT: Duration = Duration::from_secs(10);

/// For a connection to be ready for mail: name look-up, TCP, greeting, TLS, sign-in.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(40);

/// For a mail to be accepted. RFC 5321 (4.5.3.2) allows a server minutes at the end of a mail; giving up too early sends
/// the same mail again, with the same Message-ID.
const SEND_TIMEOUT: Duration = Duration::from_secs(180);

/// For the answer to a command that needs no work.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a connection is kept unused; servers close after a few minutes.
const IDLE_MAX: Duration = Duration::from_secs(60);

/// How many unused connections are kept: more than are ever in use at the same time.
const IDLE_CONNECTIONS_MAX: usize = 64;

/// Maximum characters kept of a server's answer.
const CAUSE_CHARACTERS_MAX: usize = 300;

/// How a connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    /// TLS from the start (RFC 8314).
    Tls,
    /// STARTTLS (RFC 3207), without which nothing is sent.
    Starttls,
    /// STARTTLS if the server offers it, with any certificate: for a server on this machine, where encryption protects from
    /// no one and certificates name another host.
    StarttlsWhereOffered,
}

/// An SMTP server, how to sign in there, and the connections to it that are not in use.
pub struct Smtp {
    host: String,
    port: u16,
    security: Security,
    tls: TlsParameters,
    credentials: Option<Credentials>,
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    connection: AsyncSmtpConnection,
    since: Instant,
}

impl Smtp {
    pub(super) fn new(
        host: String,
        port: u16,
        security: Security,
        credentials: Option<Credentials>,
    ) -> Result<Smtp, smtp::Error> {
        let any_certificate = security == Security::StarttlsWhereOffered;
        let tls = TlsParameters::builder(host.clone())
            .dangerous_accept_invalid_certs(any_certificate)
            .dangerous_accept_invalid_hostnames(any_certificate)
            .build()?;
        Ok(Smtp { host, port, security, tls, credentials, idle: Mutex::default() })
    }

    #[cfg(test)]
    pub(super) fn security(&self) -> Security {
        self.security
    }

    /// Hands one mail over, which is `bytes` on the wire.
    pub(super) async fn send(&self, envelope: &Envelope, bytes: &[u8]) -> Result<(), MailError> {
        let mut connection = match self.kept().await {
            Some(connection) => connection,
            None => {
                // The sender's domain is the best name that we have for ourselves.
                let sender = envelope.from().map(|address| address.domain());
                let domain = sender.filter(|domain| domain.is_ascii());
                let hello =
                    domain.map_or_else(ClientId::default, |domain| ClientId::Domain(domain.to_owned()));
                self.ready(&hello).await?
            }
        };
        // Only addresses can make it so: whatever else is not ASCII was encoded.
        let beyond_ascii = !bytes.is_ascii();
        if beyond_ascii && !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            self.keep(connection);
            let cause = format!("{self} knows no addresses beyond ASCII (RFC 6531)");
            return Err(MailError::permanent(cause));
        }
        let parameters = match beyond_ascii {
            true => vec![MailParameter::SmtpUtfEight, MailParameter::Body(MailBodyParameter::EightBitMime)],
            false => vec![],
        };
        let sent = timeout(SEND_TIMEOUT, hand_over(&mut connection, envelope, parameters, bytes));
        let Ok(sent) = sent.await else {
            let seconds = SEND_TIMEOUT.as_secs();
            return Err(MailError::temporary(format!("{self} did not answer within {seconds} s")));
        };
        match sent {
            Ok(true) => {
                self.keep(connection);
                Ok(())
            }
            Ok(false) => {
                Err(MailError::temporary(format!("{self}: its answers do not fit what it was asked")))
            }
            Err((step, error)) => {
                if error.status().is_some() {
                    self.keep(connection);
                }
                Err(self.refused(step, &error))
            }
        }
    }

    pub(super) async fn check(&self) -> Result<String, MailError> {
        let mut connection = self.ready(&ClientId::default()).await?;
        if !answers(&mut connection, Noop).await {
            return Err(MailError::temporary(format!("{self} takes the connection but does not answer")));
        }
        let encrypted = if connection.is_encrypted() { "encrypted" } else { "not encrypted" };
        let signed_in = if self.credentials.is_some() { ", signed in" } else { "" };
        // Whether the server says goodbye as well changes nothing.
        answers(&mut connection, Quit).await;
        Ok(format!("mail goes through {self}, which answers ({encrypted}{signed_in})"))
    }

    /// The newest kept connection that still answers; a mail begun there and refused is forgotten by then.
    async fn kept(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let Idle { mut connection, since } = self.idle().pop()?;
            if since.elapsed() <= IDLE_MAX && answers(&mut connection, Rset).await {
                return Some(connection);
            }
        }
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.idle();
        if idle.len() < IDLE_CONNECTIONS_MAX {
            idle.push(Idle { connection, since: Instant::now() });
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        // Pushing and popping leave nothing half-done.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new connection, protected and signed in.
    async fn ready(&self, hello: &ClientId) -> Result<AsyncSmtpConnection, MailError> {
        match timeout(CONNECT_TIMEOUT, self.connect(hello)).await {
            Ok(connected) => connected,
            Err(_) => {
                let seconds = CONNECT_TIMEOUT.as_secs();
                Err(MailError::temporary(format!("{self} was not ready within {seconds} s")))
            }
        }
    }

    /// Whatever goes wrong here says nothing about the mail that waits, and so is temporary.
    async fn connect(&self, hello: &ClientId) -> Result<AsyncSmtpConnection, MailError> {
        let failed =
            |error: smtp::Error| MailError::temporary(format!("cannot use {self}: {}", said(&error)));
        let from_start = (self.security == Security::Tls).then(|| self.tls.clone());
        let server = (self.host.as_str(), self.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, Some(ADDRESS_TIMEOUT), hello, from_start, None)
                .await
                .map_err(failed)?;
        let starttls = match self.security {
            Security::Tls => false,
            Security::Starttls => true,
            Security::StarttlsWhereOffered => connection.can_starttls(),
        };
        if starttls {
            connection.starttls(self.tls.clone(), hello).await.map_err(failed)?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await.map_err(|error| {
                // Not in the server's words: there are servers that repeat what they were sent.
                let why = match error.status() {
                    Some(code) => format!("answered {code} to user name and password"),
                    None if error.is_response() => {
                        "gave an answer to user name and password that is not SMTP".into()
                    }
                    None => format!("did not let us sign in: {}", said(&error)),
                };
                MailError::temporary(format!("{self} {why}"))
            })?;
        }
        Ok(connection)
    }

    /// What a failure while sending means for the mail.
    fn refused(&self, step: Step, error: &smtp::Error) -> MailError {
        let code = error.status().map(|code| code.to_string()).unwrap_or_default();
        let cause = format!("{self}: {}", said(error));
        // 530: wants us to sign in or to encrypt first (RFC 4954, RFC 3207), which says nothing about the mail.
        if !error.is_permanent() || code == "530" {
            return MailError::temporary(cause);
        }
        let status = Status::in_answer(&said(error));
        let is_about_address = match (step, status) {
            (Step::Sender, _) => false,
            // A bare no to a recipient (RFC 5321, 4.2.3): no such mailbox, not here, no such name.
            (Step::Recipient, None) => matches!(code.as_str(), "550" | "551" | "553"),
            (Step::Recipient, Some(status)) if status.is_unspecific() => code == "550",
            (Step::Recipient | Step::Body, status) => status.is_some_and(Status::is_about_address),
        };
        if is_about_address { MailError::no_mailbox(cause) } else { MailError::permanent(cause) }
    }
}

/// One mail over a connection (RFC 5321, 3.3): `false` when its answers have got out of step with our commands, so that
/// none of them means anything. An error with a status leaves the connection usable, after RSET.
async fn hand_over(
    connection: &mut AsyncSmtpConnection,
    envelope: &Envelope,
    parameters: Vec<MailParameter>,
    bytes: &[u8],
) -> Result<bool, (Step, smtp::Error)> {
    let at = |step| move |error| (step, error);
    let sender = commands::Mail::new(envelope.from().cloned(), parameters);
    connection.command(sender).await.map_err(at(Step::Sender))?;
    for recipient in envelope.to() {
        connection.command(Rcpt::new(recipient.clone(), vec![])).await.map_err(at(Step::Recipient))?;
    }
    if !connection.command(Data).await.map_err(at(Step::Body))?.has_code(354) {
        return Ok(false);
    }
    Ok(connection.message(bytes).await.map_err(at(Step::Body))?.has_code(250))
}

/// Where in the handing over of a mail something was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Sender,
    Recipient,
    /// The mail itself.
    Body,
}

/// Whether the server agrees to one of the commands that it answers at once.
async fn answers(connection: &mut AsyncSmtpConnection, command: impl fmt::Display) -> bool {
    matches!(timeout(ANSWER_TIMEOUT, connection.command(command)).await, Ok(Ok(_)))
}

/// The error on one line, and no longer than anybody reads: a server may answer pages.
fn said(error: &smtp::Error) -> String {
    one_line(&error.to_string()).chars().take(CAUSE_CHARACTERS_MAX).collect()
}

/// As in the setting, without user name and password: with some providers the user name is the secret.
impl fmt::Display for Smtp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.security == Security::Tls { "smtps" } else { "smtp" };
        if self.host.contains(':') {
            write!(formatter, "{scheme}://[{}]:{}", self.host, self.port)
        } else {
            write!(formatter, "{scheme}://{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Debug for Smtp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Smtp({self}, {:?})", self.security)
    }
}
