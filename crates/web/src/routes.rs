//! Every address of the portal, in one list: the router is made from it, and so are the tests that go through all.

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::MethodRouter;

use crate::{
    App, Web, answers, assets, bounces, brand, channels, choices, clients, companies, dossiers, early_access,
    files, guard, health, hooks, imports, joining, keys, live, messages, notices, phones, profile, projects,
    records, reply, search, set_up, settings_brand, settings_files, settings_messaging, sign_in, team,
    uploads, v1, webhooks, welcome,
};

/// One way to call one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, with `{names}` for what varies.
    pub path: &'static str,
}

/// The list while it is written.
pub(crate) struct Routes {
    list: Vec<Route>,
    router: Router<App>,
}

impl Routes {
    fn new() -> Routes {
        Routes { list: Vec::new(), router: Router::new() }
    }

    pub(crate) fn get<H, T>(self, path: &'static str, handler: H) -> Routes
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.route(Method::GET, path, axum::routing::get(handler))
    }

    pub(crate) fn post<H, T>(self, path: &'static str, handler: H) -> Routes
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.route(Method::POST, path, axum::routing::post(handler))
    }

    pub(crate) fn put<H, T>(self, path: &'static str, handler: H) -> Routes
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.route(Method::PUT, path, axum::routing::put(handler))
    }

    pub(crate) fn patch<H, T>(self, path: &'static str, handler: H) -> Routes
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.route(Method::PATCH, path, axum::routing::patch(handler))
    }

    pub(crate) fn delete<H, T>(self, path: &'static str, handler: H) -> Routes
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.route(Method::DELETE, path, axum::routing::delete(handler))
    }

    pub(crate) fn head<H, T>(self, path: &'static str, handler: H) -> Routes
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.route(Method::HEAD, path, axum::routing::head(handler))
    }

    pub(crate) fn options<H, T>(self, path: &'static str, handler: H) -> Routes
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.route(Method::OPTIONS, path, axum::routing::options(handler))
    }

    fn route(mut self, method: Method, path: &'static str, handler: MethodRouter<App>) -> Routes {
        self.list.push(Route { method, path });
        self.router = self.router.route(path, handler);
        self
    }
}

fn all() -> Routes {
    let routes = Routes::new();
    let routes = health::routes(routes);
    let routes = assets::routes(routes);
    let routes = live::routes(routes);
    let routes = channels::routes(routes);
    let routes = messages::routes(routes);
    let routes = uploads::routes(routes);
    let routes = files::routes(routes);
    let routes = search::routes(routes);
    let routes = sign_in::routes(routes);
    let routes = set_up::routes(routes);
    let routes = clients::routes(routes);
    let routes = companies::routes(routes);
    let routes = projects::routes(routes);
    let routes = team::routes(routes);
    let routes = phones::routes(routes);
    let routes = hooks::routes(routes);
    let routes = brand::routes(routes);
    let routes = settings_brand::routes(routes);
    let routes = settings_files::routes(routes);
    let routes = settings_messaging::routes(routes);
    let routes = notices::routes(routes);
    let routes = bounces::routes(routes);
    let routes = welcome::routes(routes);
    let routes = choices::routes(routes);
    let routes = early_access::routes(routes);
    let routes = records::routes(routes);
    let routes = imports::routes(routes);
    let routes = joining::routes(routes);
    let routes = dossiers::routes(routes);
    let routes = reply::routes(routes);
    let routes = v1::routes(routes);
    let routes = keys::routes(routes);
    let routes = webhooks::routes(routes);
    profile::routes(routes)
}

/// Every address of the portal.
pub fn routes() -> Vec<Route> {
    all().list
}

/// The whole portal as one service. Must be called inside a runtime: it starts following the journal.
pub fn router(web: Web) -> Router {
    router_beside(web, Router::new())
}

/// The portal with other routes beside it, which pass the same guard: what measurements compare with.
pub fn router_beside(web: Web, beside: Router) -> Router {
    let rates = std::sync::Arc::new(v1::Rates::new(web.calls_per_minute));
    let hub = live::Hub::start(&web);
    let app = App { hub, rates, busy: uploads::Busy::default(), web: std::sync::Arc::new(web) };
    all()
        .router
        .fallback(answers::nothing_here)
        .method_not_allowed_fallback(answers::not_this_way)
        .with_state(app.clone())
        .merge(beside)
        .layer(axum::middleware::from_fn_with_state(app, guard::guard))
}
