//! Calls to an S3 store over our own HTTP connections, so that the program needs no second HTTP client and no second TLS. Each
//! call has its own connection.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http_body_util::BodyExt;
use hyper::header::{HOST, HeaderValue};
use hyper::http::uri::{PathAndQuery, Scheme, Uri};
use hyper_util::rt::TokioIo;
use object_store::client::{
    ClientOptions, HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    HttpResponseBody, HttpService,
};
use rustls::ClientConfig;
use tokio::time::timeout;

use crate::http::{self, Limits, Server};

/// Time limit for sending a part and its answer, even on slow lines.
const LIMITS: Limits = Limits {
    connect: Duration::from_secs(10),
    answer: Duration::from_secs(300),
    // The caller limits what it reads.
    answer_bytes: 0,
};

/// The transport to the store.
#[derive(Clone, Debug)]
pub(super) struct Transport {
    tls: Arc<ClientConfig>,
}

impl Transport {
    /// With the certificates that this machine trusts.
    pub(super) fn new() -> Result<Transport, &'static str> {
        Ok(Transport { tls: http::tls()? })
    }
}

impl HttpConnector for Transport {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Failed(String);

fn failed(kind: HttpErrorKind) -> impl FnOnce(String) -> HttpError {
    move |why| HttpError::new(kind, Failed(why))
}

#[async_trait]
impl HttpService for Transport {
    async fn call(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let unusable = |why: &str| failed(HttpErrorKind::Unknown)(why.to_string());
        let uri = request.uri();
        let is_tls = uri.scheme() == Some(&Scheme::HTTPS);
        let host = uri.host().ok_or_else(|| unusable("there is no host"))?;
        let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let server = Server::new(host, port, is_tls.then(|| Arc::clone(&self.tls))).map_err(unusable)?;
        let path = uri.path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/"));
        if !request.headers().contains_key(HOST) {
            let authority =
                HeaderValue::from_str(&server.authority()).map_err(|_| unusable("the host is no header"))?;
            request.headers_mut().insert(HOST, authority);
        }
        *request.uri_mut() = Uri::from(path);
        let addresses = server.addresses(&LIMITS).await.map_err(failed(HttpErrorKind::Connect))?;
        let stream =
            server.connect(&addresses, LIMITS.connect).await.map_err(failed(HttpErrorKind::Connect))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| failed(HttpErrorKind::Connect)(error.to_string()))?;
        // The task ends with the answer's last byte, or when the rest is dropped.
        tokio::spawn(connection);
        let answer = timeout(LIMITS.answer, sender.send_request(request))
            .await
            .map_err(|_| failed(HttpErrorKind::Timeout)("did not answer in time".to_string()))?
            .map_err(|error| failed(HttpErrorKind::Interrupted)(error.to_string()))?;
        Ok(answer.map(|body| {
            HttpResponseBody::new(body.map_err(|error| HttpError::new(HttpErrorKind::Interrupted, error)))
        }))
    }
}
