//! The web server: pages that work without scripts, live updates, assets and the API.
//!
//! [`middleware`] checks where a request comes from and sets the headers of its response. `http::visitor` finds the
//! workspace and the signed-in person. A handler under [`pages`] or [`api`] reads the input and calls `domain`;
//! `http::answers` turns errors into a page or JSON.

mod api;
mod app;
mod health;
mod http;
mod live;
mod middleware;
mod pages;
mod provider_callbacks;
mod router;
mod services;
mod uploads;

pub use api::event_payload::event_payload;
pub use http::routes::Route;
pub use http::serve::serve;
pub use router::{router, router_beside, routes};
pub use services::Web;
