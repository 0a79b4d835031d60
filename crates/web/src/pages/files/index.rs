//! The front page of Files. Every address of Files checks anew who may see the channel (F2). Pages are in `folder` and
//! `file_page`, forms in `changing`, `editing` and `moving`.

use crate::http::answers::Result;
use crate::http::extractors::Query;
use crate::http::layout::Module;
use crate::http::routes::Routes;
use crate::http::visit::Visit;
use crate::pages::messages::channel_list::Listing;
use crate::pages::messages::channels::IndexPage;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get("/files", index)
}

async fn index(visit: Visit, Query(listing): Query<Listing>) -> Result {
    visit.show(move |reader, visitor| IndexPage::read(reader, visitor, Module::Files, &listing)).await
}
