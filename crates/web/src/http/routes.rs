//! Collects routes: the router and, for tests, the list of all addresses.

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::MethodRouter;

use crate::app::App;

/// A method and path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub method: Method,
    /// With `{names}` for parameters.
    pub path: &'static str,
}

pub(crate) struct Routes {
    pub(crate) list: Vec<Route>,
    pub(crate) router: Router<App>,
}

impl Routes {
    pub(crate) fn new() -> Routes {
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
