//! One HTTP/1.1 call over a connection of its own: what texts and webhooks leave by. Redirects are not followed: a call
//! goes where it was meant to, with its secrets, or nowhere. Relies on `hyper` and on the certificates that this
//! machine trusts.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;

/// Most of an answer's head: far more than any has.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// How long is waited, and how much is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Until a connection stands: name look-up, TCP, TLS.
    pub(crate) connect: Duration,
    /// From then on until the server has answered.
    pub(crate) answer: Duration,
    /// Most of an answer that is read.
    pub(crate) answer_bytes: usize,
}

/// A server that can be called.
pub(crate) struct Server {
    host: String,
    port: u16,
    tls: Option<Tls>,
}

struct Tls {
    name: ServerName<'static>,
    config: Arc<ClientConfig>,
}

/// What a server answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// As much as was read of what it said.
    pub(crate) body: Bytes,
}

impl Server {
    /// A host by name or network address, the latter without brackets. `tls` where https is spoken with it.
    ///
    /// # Errors
    /// A host that TLS cannot have a certificate for.
    pub(crate) fn new(host: &str, port: u16, tls: Option<Arc<ClientConfig>>) -> Result<Server, &'static str> {
        let tls = match tls {
            None => None,
            Some(config) => {
                let name = ServerName::try_from(host.to_owned())
                    .map_err(|_| "the host is no name that TLS knows")?;
                Some(Tls { name, config })
            }
        };
        Ok(Server { host: host.to_owned(), port, tls })
    }

    /// The network addresses that the host has now.
    ///
    /// # Errors
    /// Where there are none, or they cannot be had in time, in words that follow the server's name.
    pub(crate) async fn addresses(&self, limits: &Limits) -> Result<Vec<SocketAddr>, String> {
        let looking = tokio::net::lookup_host((self.host.as_str(), self.port));
        let found =
            timeout(limits.connect, looking).await.map_err(|_| "cannot be found in time".to_owned())?;
        found.map(Iterator::collect).map_err(|error| format!("cannot be found: {error}"))
    }

    /// What stands in the `Host` header: the port where it is not the usual one.
    pub(crate) fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let usual = if self.tls.is_some() { 443 } else { 80 };
        if self.port == usual { host } else { format!("{host}:{}", self.port) }
    }

    /// Calls at one of these network addresses, and at no other. What is not read in time of an answer that has begun is
    /// as good as not said: its status is what counts.
    ///
    /// # Errors
    /// Where no answer came, in words that follow the server's name.
    pub(crate) async fn call(
        &self,
        addresses: &[SocketAddr],
        request: Request<Full<Bytes>>,
        limits: &Limits,
    ) -> Result<Answer, String> {
        ask(self.connect(addresses, limits.connect).await?, request, limits).await
    }

    /// Opens a connection to one of these network addresses, and to no other.
    ///
    /// # Errors
    /// Where none stands within this time, in words that follow the server's name.
    pub(crate) async fn connect(
        &self,
        addresses: &[SocketAddr],
        within: Duration,
    ) -> Result<Box<dyn Stream>, String> {
        let connecting = Instant::now() + within;
        let stream = timeout_at(connecting, TcpStream::connect(addresses))
            .await
            .map_err(|_| "takes no connection in time".to_owned())?
            .map_err(|error| format!("cannot be reached: {error}"))?;
        let Some(tls) = &self.tls else { return Ok(Box::new(stream)) };
        let connector = TlsConnector::from(Arc::clone(&tls.config));
        let stream = timeout_at(connecting, connector.connect(tls.name.clone(), stream))
            .await
            .map_err(|_| "does not speak TLS in time".to_owned())?
            .map_err(|error| format!("speaks no TLS that can be trusted: {error}"))?;
        Ok(Box::new(stream))
    }
}

/// A connection, with TLS or without.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

async fn ask(
    stream: Box<dyn Stream>,
    request: Request<Full<Bytes>>,
    limits: &Limits,
) -> Result<Answer, String> {
    let until = Instant::now() + limits.answer;
    let asking = async {
        let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
            .max_buf_size(HEAD_BYTES_MAX)
            .handshake(TokioIo::new(stream))
            .await?;
        let connection = tokio::spawn(connection);
        // Ended with this call, however that ends.
        let ending = Ending(connection);
        Ok::<_, hyper::Error>((sender.send_request(request).await?, ending))
    };
    match timeout_at(until, asking).await {
        Ok(Ok((answer, _ending))) => {
            let (head, body) = answer.into_parts();
            let body = read(body, limits.answer_bytes, until).await;
            Ok(Answer { status: head.status, body })
        }
        Ok(Err(error)) => Err(format!("broke off: {error}")),
        Err(_) => Err("did not answer in time".to_owned()),
    }
}

/// The task of a connection, which ends with what it was made for.
struct Ending(tokio::task::JoinHandle<hyper::Result<()>>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The first bytes of an answer, as far as they come in time.
async fn read(mut body: Incoming, most: usize, until: Instant) -> Bytes {
    let mut read = BytesMut::new();
    while read.len() < most
        && let Ok(Some(Ok(frame))) = timeout_at(until, body.frame()).await
    {
        let Ok(data) = frame.into_data() else { break };
        read.extend_from_slice(&data[..data.len().min(most - read.len())]);
    }
    read.freeze()
}

/// As an address.
impl fmt::Display for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        write!(formatter, "{scheme}://{}", self.authority())
    }
}

/// TLS with the certificates that this machine trusts.
///
/// # Errors
/// Where it cannot be had.
pub(crate) fn tls() -> Result<Arc<ClientConfig>, &'static str> {
    let mut roots = RootCertStore::empty();
    // Some of them being unreadable is no reason to trust none; where all are, no connection will stand.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| "TLS cannot be set up on this machine")?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
