//! Search for words in messages (M8), in all channels of the workspace.

use axum::Json;
use domain::kernel::ids::ChannelId;
use domain::kernel::limits;
use domain::messages::search::{self, Cursor, Found};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::call::Call;
use crate::api::failure::{Failure, Result, named};
use crate::api::list::{List, Of, Page, PageQuery};
use crate::api::messages::Message;
use crate::api::{query, schemas};
use crate::http::extractors::Query;
use crate::http::routes::Routes;
use crate::pages::messages;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get("/v1/messages/search", find)
}

/// What is looked for, and where.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct SearchQuery {
    /// Words that must all be there, if only as the beginning of longer ones; those in quotes must stand together. Capitals
    /// and accents make no difference. No words find nothing.
    #[param(value_type = schemas::Line, required)]
    words: Option<String>,
    /// Only in this message channel.
    #[param(value_type = Option<schemas::Id>)]
    channel_id: Option<String>,
}

/// Search for messages
///
/// The newest first, in all channels of the workspace.
#[utoipa::path(get, path = "/v1/messages/search", tag = "Messages", params(SearchQuery, PageQuery),
    responses((status = 200, body = List<Message>)))]
async fn find(call: Call, Query(wanted): Query<SearchQuery>, page: Page) -> Result<Json<List<Message>>> {
    let words = wanted.words.ok_or_else(|| Failure::missing("words"))?;
    let words = limits::validate_optional_line("words", &words, limits::NAME_CHARACTERS)?;
    let channel: Option<ChannelId> = query::id("channelId", &wanted.channel_id)?;
    let before: Option<Cursor> = page.after_text(Of::Found)?;
    let viewer = call.viewer();
    messages::search::catch_up(&call.app).await?;
    call.read_list(move |reader, actor| {
        let found = search::messages(reader, actor, &words, channel, before, page.read());
        let found = named("channelId", found)?;
        let place = |found: &Found| found.cursor.to_string().into_bytes();
        page.list(Of::Found, found, place, |found| viewer.message(reader, found.message))
    })
    .await
}
