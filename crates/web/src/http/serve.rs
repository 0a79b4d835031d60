//! The accept loop: plain HTTP/1, which keeps an idle stream small; HTTP/2 and TLS end at the proxy.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use futures_util::FutureExt;
use hyper::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt;

/// Open connections at one time; the next one waits for a place.
const CONNECTIONS_MAX: usize = 20_000;
/// How long a connection may take to say what it wants.
const HEAD_WITHIN: Duration = Duration::from_secs(20);
/// How long requests may take to finish once the program stops.
const FINISH_WITHIN: Duration = Duration::from_secs(8);
/// After a failed accept (no file handles left, say) the next one waits this long.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// The address at the other end of the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Serves until `stop` turns true, then finishes what has begun.
///
/// # Errors
/// None at present; failures of single connections end only those.
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
        // Small answers leave at once; where that cannot be set they still leave.
        let _ = stream.set_nodelay(true);
        let app = app.clone();
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Peer(peer));
            // In a box of its own, which goes with the answer: the connection would keep its room while a stream is idle.
            Box::pin(app.clone().oneshot(request))
        });
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        // Errors here are the other side's: a closed browser, a broken request. An async block would hold the connection
        // twice, as what it was given and as what it waits for.
        tokio::spawn(connection.map(|_| drop(place)));
    }
    drop(listener);
    if tokio::time::timeout(FINISH_WITHIN, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
    Ok(())
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // The sender gone means the program is going too.
    let _ = stop.wait_for(|stop| *stop).await;
}
