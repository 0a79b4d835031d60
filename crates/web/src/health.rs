//! For operators: liveness, readiness and metrics.

use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::http::answers::{Answer, Result};
use crate::http::routes::Routes;
use crate::http::serve::Peer;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get("/healthz", alive).get("/readyz", ready).get("/metrics", figures)
}

async fn alive() -> &'static str {
    "ok\n"
}

async fn ready(State(app): State<App>) -> Response {
    if *app.web.stopping.borrow() {
        return not_ready("stopping");
    }
    let Err(error) = app.store().ready().await else { return "ready\n".into_response() };
    error.log("the portal is not ready");
    // Everybody may ask, so paths and addresses stay in the log.
    not_ready(match error {
        store::Error::StorageFull(_) => "the disk is full or may only be read",
        store::Error::DiskFailed(_) => "the disk has failed",
        _ => "the database does not answer",
    })
}

fn not_ready(why: &'static str) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response()
}

async fn figures(State(app): State<App>, peer: Option<Extension<Peer>>) -> Result {
    let is_local = peer.is_some_and(|Extension(Peer(address))| address.ip().is_loopback());
    if !is_local && !app.web.metrics_open {
        return Err(Answer::not_found());
    }
    metrics::gauge!("portal_streams").set(app.hub.streams() as f64);
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4")], (app.web.metrics)()).into_response())
}
