//! Files: the addresses under which they are looked at, got and changed. Every one asks anew who may see the channel (F2).
//! A folder is a page (`folder`), a file another (`looking`); what is done to them are forms (`changing`, `moving`).

pub(crate) mod attached;
mod changing;
mod editing;
mod entries;
mod folder;
mod looking;
mod moving;
mod packing;
mod search;
pub(crate) mod serving;

use axum::extract::State;
use axum::http::StatusCode;

use crate::App;
use crate::answers::{Result, page};
use crate::channels::IndexPage;
use crate::channels::list::Listing;
use crate::input::Asked;
use crate::layout::Module;
use crate::routes::Routes;
use crate::visitor::Visitor;

pub(crate) use entries::{Row, newest};

pub(crate) fn routes(routes: Routes) -> Routes {
    let routes = serving::routes(routes).get("/files", index);
    let routes = search::routes(routes);
    let routes = folder::routes(routes);
    let routes = changing::routes(routes);
    let routes = editing::routes(routes);
    let routes = moving::routes(routes);
    packing::routes(routes)
}

async fn index(State(app): State<App>, visitor: Visitor, Asked(listing): Asked<Listing>) -> Result {
    let found =
        app.store().read(move |reader| IndexPage::read(reader, &visitor, Module::Files, &listing)).await?;
    page(StatusCode::OK, &found)
}
