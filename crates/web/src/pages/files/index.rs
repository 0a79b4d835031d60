//! The front page of Files. Every address of Files checks anew who may see the channel (F2). Pages are in `folder` and
//! `file_page`, forms in `changing`, `editing` and `moving`.

use axum::extract::State;
use axum::http::StatusCode;

use crate::app::App;
use crate::http::answers::{Result, page};
use crate::http::extractors::Query;
use crate::http::layout::Module;
use crate::http::routes::Routes;
use crate::http::visitor::Visitor;
use crate::pages::messages::channel_list::Listing;
use crate::pages::messages::channels::IndexPage;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get("/files", index)
}

async fn index(State(app): State<App>, visitor: Visitor, Query(listing): Query<Listing>) -> Result {
    let found =
        app.store().read(move |reader| IndexPage::read(reader, &visitor, Module::Files, &listing)).await?;
    page(StatusCode::OK, &found)
}
