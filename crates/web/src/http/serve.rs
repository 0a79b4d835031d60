//! The accept loop: plain HTTP/1, where an idle stream needs little memory; HTTP/2 and TLS end at the proxy.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::CONNECTION;
use axum::response::Response;
use futures_util::{FutureExt, TryFutureExt};
use hyper::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt;

use crate::http::unread_body::{self, Unread};

/// Open connections at a time; further ones wait.
const CONNECTIONS_MAX: usize = 20_000;
/// Time for a client to send the head of a request.
const HEAD_WITHIN: Duration = Duration::from_secs(20);
/// Time for open requests to finish at shutdown.
const FINISH_WITHIN: Duration = Duration::from_secs(8);
/// Delay after a failed accept, for instance when file handles run out.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// The remote address of the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Serves until `stop` turns true, then finishes open requests. Failures of single connections end only those.
pub async fn serve(listener: TcpListener, app: Router, mut stop: watch::Receiver<bool>) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let graceful = GracefulShutdown::new();
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_AGAIN).await;
                    continue;
                }
            },
            () = stopped(&mut stop) => break,
        };
        // An optimization: small answers leave at once. It may fail.
        let _ = stream.set_nodelay(true);
        let app = app.clone();
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            let (mut request, unread) = unread_body::watch(request);
            request.extensions_mut().insert(Peer(peer));
            // Boxed, so that its memory is freed with the response. Otherwise the connection keeps it while a stream is
            // idle.
            Box::pin(app.clone().oneshot(request).and_then(|response| closing(response, unread)))
        });
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        // Errors here are the client's, such as a closed browser or a malformed request. An async block would store the
        // connection twice: as its capture and as the future it awaits.
        tokio::spawn(connection.map(|_| drop(place)));
    }
    drop(listener);
    if tokio::time::timeout(FINISH_WITHIN, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
    Ok(())
}

/// Says that the connection will be closed, if it has to be.
async fn closing(mut response: Response, unread: Option<Unread>) -> Result<Response, Infallible> {
    if let Some(unread) = unread
        && !unread.was_read().await
    {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // A dropped sender means that the process is shutting down too.
    let _ = stop.wait_for(|stop| *stop).await;
}
