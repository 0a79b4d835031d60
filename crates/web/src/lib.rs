//! What a browser and other programs talk to: pages that are complete without scripts, live updates, assets and the API.
//!
//! [`middleware`] checks a request's origin and limits and sets the headers of its answer. `http::visitor` finds who
//! asks and in which workspace. A handler under [`pages`] or [`api`] reads the input and calls `domain`; what it
//! refuses becomes a page or JSON in `http::answers`.

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

pub use api::events::event_payload;
pub use http::routes::Route;
pub use http::serve::serve;
pub use router::{router, router_beside, routes};
pub use services::Web;
