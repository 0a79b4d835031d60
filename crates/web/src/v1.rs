//! `/v1`: what other programs talk to. Each module has the calls of a noun, on the same functions of `domain` as the pages;
//! what it answers is described where it is answered, and `openapi` makes the description of all of it from that.
//!
//! A call passes `gate` (key, rates), says what it wants in an address (`query`, `list`) or in JSON (`json`), and is done
//! once however often it is asked for (`once`). What goes wrong is a `failure`, which `answers` writes.

mod channels;
mod clients;
mod companies;
mod docs;
mod early_access;
mod events;
mod failure;
mod file_channels;
mod files;
pub(crate) mod gate;
mod internal_users;
mod json;
mod list;
mod members;
mod messages;
mod notices;
mod notifications;
mod objects;
mod once;
mod openapi;
mod projects;
mod query;
mod rates;
mod records;
mod schemas;
mod search;
mod settings;
mod webhooks;
mod workspaces;

use crate::routes::Routes;

pub use events::told;
pub(crate) use rates::Rates;

pub(crate) fn routes(routes: Routes) -> Routes {
    let routes = workspaces::routes(routes);
    let routes = settings::routes(routes);
    let routes = internal_users::routes(routes);
    let routes = clients::routes(routes);
    let routes = companies::routes(routes);
    let routes = projects::routes(routes);
    let routes = channels::routes(routes);
    let routes = members::routes(routes);
    let routes = messages::routes(routes);
    let routes = notices::routes(routes);
    let routes = search::routes(routes);
    let routes = file_channels::routes(routes);
    let routes = files::routes(routes);
    let routes = notifications::routes(routes);
    let routes = events::routes(routes);
    let routes = webhooks::routes(routes);
    let routes = early_access::routes(routes);
    let routes = records::routes(routes);
    let routes = openapi::routes(routes);
    docs::routes(routes)
}
