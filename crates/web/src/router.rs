//! The list of all routes. The router is built from it, and tests go through it.

use axum::Router;

use crate::api::event_payload;
use crate::api::rate_limits::Rates;
use crate::app::App;
use crate::http::answers;
use crate::http::routes::{Route, Routes};
use crate::live::hub::Hub;
use crate::services::Web;
use crate::uploads::locks::UploadLocks;
use crate::{api, health, http, live, middleware, pages, provider_callbacks, uploads};

fn all() -> Routes {
    let routes = Routes::new();
    let routes = api::audit_log::routes(routes);
    let routes = api::channels::routes(routes);
    let routes = api::client_access::routes(routes);
    let routes = api::clients::routes(routes);
    let routes = api::companies::routes(routes);
    let routes = api::docs::routes(routes);
    let routes = api::early_access::routes(routes);
    let routes = api::events::routes(routes);
    let routes = api::file_calls::routes(routes);
    let routes = api::file_channels::routes(routes);
    let routes = api::file_permissions::routes(routes);
    let routes = api::internal_user_access::routes(routes);
    let routes = api::internal_users::routes(routes);
    let routes = api::members::routes(routes);
    let routes = api::messages::routes(routes);
    let routes = api::notices::routes(routes);
    let routes = api::notifications::routes(routes);
    let routes = api::openapi::routes(routes);
    let routes = api::projects::routes(routes);
    let routes = api::search::routes(routes);
    let routes = api::settings::routes(routes);
    let routes = api::webhooks::routes(routes);
    let routes = api::workspace_pictures::routes(routes);
    let routes = api::workspaces::routes(routes);
    let routes = health::routes(routes);
    let routes = http::assets::routes(routes);
    let routes = live::routes(routes);
    let routes = pages::brand::routes(routes);
    let routes = pages::clients::client::routes(routes);
    let routes = pages::clients::companies::routes(routes);
    let routes = pages::clients::imports::routes(routes);
    let routes = pages::clients::list::routes(routes);
    let routes = pages::clients::personal_data_export::routes(routes);
    let routes = pages::clients::project::routes(routes);
    let routes = pages::clients::projects::routes(routes);
    let routes = pages::early_access::routes(routes);
    let routes = pages::files::changing::routes(routes);
    let routes = pages::files::editing::routes(routes);
    let routes = pages::files::folder::routes(routes);
    let routes = pages::files::index::routes(routes);
    let routes = pages::files::moving::routes(routes);
    let routes = pages::files::search::routes(routes);
    let routes = pages::files::serving::routes(routes);
    let routes = pages::files::zip_download::routes(routes);
    let routes = pages::messages::editing::routes(routes);
    let routes = pages::messages::channels::routes(routes);
    let routes = pages::messages::delivery_status::routes(routes);
    let routes = pages::messages::new_channel::routes(routes);
    let routes = pages::messages::search::routes(routes);
    let routes = pages::messages::sending::routes(routes);
    let routes = pages::profile::notification_preferences::routes(routes);
    let routes = pages::profile::profile_page::routes(routes);
    let routes = pages::profile::texts::routes(routes);
    let routes = pages::reply::reply_link::routes(routes);
    let routes = pages::settings::api_keys::routes(routes);
    let routes = pages::settings::audit_log::routes(routes);
    let routes = pages::settings::bounces::routes(routes);
    let routes = pages::settings::brand::routes(routes);
    let routes = pages::settings::brand_pictures::routes(routes);
    let routes = pages::settings::files::routes(routes);
    let routes = pages::settings::joining::routes(routes);
    let routes = pages::settings::messaging::routes(routes);
    let routes = pages::settings::notification_history::routes(routes);
    let routes = pages::settings::team::routes(routes);
    let routes = pages::settings::webhooks::routes(routes);
    let routes = pages::settings::welcome::routes(routes);
    let routes = pages::sign_in::link::routes(routes);
    let routes = pages::sign_in::set_up::routes(routes);
    let routes = pages::sign_in::code::routes(routes);
    let routes = pages::sign_in::sign_up::routes(routes);
    let routes = provider_callbacks::routes(routes);
    uploads::tus::routes(routes)
}

pub fn routes() -> Vec<Route> {
    all().list
}

/// The whole portal as one service. Must be called inside a runtime: it starts following the journal.
pub fn router(web: Web) -> Router {
    router_beside(web, Router::new())
}

/// The portal with additional routes behind the same middleware. Benchmarks use it for comparison.
pub fn router_beside(web: Web, beside: Router) -> Router {
    let rates = std::sync::Arc::new(Rates::new(web.calls_per_minute));
    let hub = Hub::start(&web, event_payload::stream_writer(&web));
    let app = App { hub, rates, upload_locks: UploadLocks::default(), web: std::sync::Arc::new(web) };
    all()
        .router
        .fallback(answers::nothing_here)
        .method_not_allowed_fallback(answers::not_this_way)
        .with_state(app.clone())
        .merge(beside)
        .layer(axum::middleware::from_fn_with_state(app, middleware::check_request))
}
