//! HTTP/1.1 calls, each over its own connection, for texts, webhooks and buckets. Redirects are not followed, since calls
//! carry secrets. Uses `hyper` and the certificates that this machine trusts.

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

/// Maximum size of an answer's head, far more than usual.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// Time and size limits of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// For connecting: name look-up, TCP, TLS.
    pub(crate) connect: Duration,
    /// From then on, for the answer.
    pub(crate) answer: Duration,
    /// At most this much of an answer is read.
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
    /// The beginning of the body.
    pub(crate) body: Bytes,
}

impl Server {
    /// `host` is a name or a network address without brackets; `tls` is set for https. Fails for hosts that cannot have a
    /// certificate.
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

    /// Looks up the network addresses of the host. Errors are worded to follow the server's name.
    pub(crate) async fn addresses(&self, limits: &Limits) -> Result<Vec<SocketAddr>, String> {
        let looking = tokio::net::lookup_host((self.host.as_str(), self.port));
        let found =
            timeout(limits.connect, looking).await.map_err(|_| "cannot be found in time".to_owned())?;
        found.map(Iterator::collect).map_err(|error| format!("cannot be found: {error}"))
    }

    /// The value of the `Host` header, with the port unless it is the default.
    pub(crate) fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let usual = if self.tls.is_some() { 443 } else { 80 };
        if self.port == usual { host } else { format!("{host}:{}", self.port) }
    }

    /// Calls the server at one of these network addresses only. If a body does not arrive in time, the answer has the part
    /// that did: the status is what counts. Errors are worded to follow the server's name.
    pub(crate) async fn call(
        &self,
        addresses: &[SocketAddr],
        request: Request<Full<Bytes>>,
        limits: &Limits,
    ) -> Result<Answer, String> {
        ask(self.connect(addresses, limits.connect).await?, request, limits).await
    }

    /// Connects to one of these network addresses only. Errors are worded to follow the server's name.
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
        // Aborted when this call ends in any way.
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

/// The task of a connection, aborted on drop.
struct Ending(tokio::task::JoinHandle<hyper::Result<()>>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The first bytes of an answer, as far as they arrive in time.
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
pub(crate) fn tls() -> Result<Arc<ClientConfig>, &'static str> {
    let mut roots = RootCertStore::empty();
    // Unreadable certificates are skipped; if all are, every connection will fail.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| "TLS cannot be set up on this machine")?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
