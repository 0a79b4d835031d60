//! Pagination by `?limit=` and `?nextToken=`. A token names the last row of the page by properties that never change, so
//! that lists stay correct while rows are added: nothing is listed twice or left out.

use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::kernel::access::Actor;
use domain::kernel::error;
use serde::{Deserialize, Serialize};
use store::Reader;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::api::failure::{Failure, Result};
use crate::api::schemas::{self, LIMIT, LIMIT_MAX};
use crate::http::extractors::Query;

/// What a list is asked for beside its filters.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// Rows of the page.
    #[param(value_type = Option<schemas::Limit>)]
    limit: Option<String>,
    /// Where the page before ended, as it said itself. Leave it out for the first page.
    next_token: Option<String>,
}

#[derive(Clone)]
pub(crate) struct Page {
    limit: usize,
    token: Option<Vec<u8>>,
}

/// The kind of list. Tokens begin with it, so that a token of another list is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    Clients = 1,
    Companies = 2,
    Projects = 3,
    InternalUsers = 4,
    Channels = 5,
    Messages = 6,
    Notifications = 7,
    Webhooks = 8,
    Calls = 9,
    Files = 10,
    Members = 11,
    Found = 12,
    EarlyAccess = 13,
    Records = 14,
}

/// A page of a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct List<T> {
    data: Vec<T>,
    /// Asks for the next page. Not there on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_token: Option<String>,
}

impl<T> List<T> {
    /// Replaces the rows with the same number of others, in the same order.
    pub(crate) fn turned<U>(
        self,
        turn: impl FnOnce(Vec<T>) -> error::Result<Vec<U>>,
    ) -> error::Result<List<U>> {
        Ok(List { data: turn(self.data)?, next_token: self.next_token })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Page {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> std::result::Result<Page, Failure> {
        let Query(asked) = Query::<PageQuery>::from_request_parts(parts, state).await?;
        let limit = match asked.limit.as_deref().filter(|limit| !limit.is_empty()) {
            None => LIMIT,
            Some(limit) => limit
                .parse()
                .ok()
                .filter(|limit| (1..=LIMIT_MAX).contains(limit))
                .ok_or_else(|| Failure::field("limit", &format!("Please ask for 1 to {LIMIT_MAX}.")))?,
        };
        let token = match asked.next_token.as_deref().filter(|token| !token.is_empty()) {
            None => None,
            Some(token) => Some(URL_SAFE_NO_PAD.decode(token).map_err(|_| no_token())?),
        };
        Ok(Page { limit, token })
    }
}

fn no_token() -> Failure {
    Failure::field("nextToken", "This is no token of this list.")
}

impl Page {
    /// Rows to read: one more shows whether another page follows.
    pub(crate) fn read(&self) -> i64 {
        i64::try_from(self.limit).expect("a page has at most 1,000 rows") + 1
    }

    /// The id of the last row of the previous page.
    ///
    /// # Errors
    /// 400 for a token of another list.
    pub(crate) fn after_id<T: From<Id>>(&self, of: Of) -> Result<Option<T>> {
        let id = self.after::<16>(of)?.map(Uuid::from_bytes);
        Ok(id.map(|id| T::from(Id(id))))
    }

    /// The position of the last row of the previous page, in the channel whose messages are listed.
    ///
    /// # Errors
    /// 400 for a token of another list.
    pub(crate) fn after_position(&self, channel: Uuid) -> Result<Option<i64>> {
        let Some(place) = self.after::<24>(Of::Messages)? else { return Ok(None) };
        let (of, position) = place.split_at(16);
        let position = position.try_into().map(i64::from_be_bytes).map_err(|_| no_token())?;
        if of == channel.as_bytes() { Ok(Some(position)) } else { Err(no_token()) }
    }

    /// The time and the two ids at which the previous page ended.
    ///
    /// # Errors
    /// 400 for a token of another list.
    pub(crate) fn after_time_and_ids(&self, of: Of) -> Result<Option<(i64, Uuid, Uuid)>> {
        let Some(place) = self.after::<40>(of)? else { return Ok(None) };
        let (time, ids) = place.split_at(8);
        let (one, other) = ids.split_at(16);
        let time = time.try_into().map(i64::from_be_bytes).map_err(|_| no_token())?;
        let id = |bytes: &[u8]| Uuid::from_slice(bytes).map_err(|_| no_token());
        Ok(Some((time, id(one)?, id(other)?)))
    }

    /// The last row of the previous page, for positions that are text.
    ///
    /// # Errors
    /// 400 for a token of another list.
    pub(crate) fn after_text<T: FromStr>(&self, of: Of) -> Result<Option<T>> {
        let Some(place) = self.place(of)? else { return Ok(None) };
        let place = std::str::from_utf8(place).ok().and_then(|text| text.parse().ok());
        place.map(Some).ok_or_else(no_token)
    }

    fn after<const N: usize>(&self, of: Of) -> Result<Option<[u8; N]>> {
        let Some(place) = self.place(of)? else { return Ok(None) };
        place.try_into().map(Some).map_err(|_| no_token())
    }

    fn place(&self, of: Of) -> Result<Option<&[u8]>> {
        let Some(token) = &self.token else { return Ok(None) };
        token.strip_prefix(&[of as u8]).map(Some).ok_or_else(no_token)
    }

    /// Builds a page of rows, of which [`Page::read`] were read; `place` returns the properties for the token.
    pub(crate) fn list<R, T>(
        &self,
        of: Of,
        mut rows: Vec<R>,
        place: impl Fn(&R) -> Vec<u8>,
        shown: impl FnMut(R) -> error::Result<T>,
    ) -> error::Result<List<T>> {
        let is_longer = rows.len() > self.limit;
        rows.truncate(self.limit);
        let next_token = rows.last().filter(|_| is_longer).map(|last| {
            let token = [&[of as u8], place(last).as_slice()].concat();
            URL_SAFE_NO_PAD.encode(token)
        });
        Ok(List { data: rows.into_iter().map(shown).collect::<error::Result<_>>()?, next_token })
    }
}

/// For [`Call::list`](crate::api::call::Call::list), where an object is made of its row alone.
pub(crate) fn from<R, T: From<R>>(_: &Reader, _: &Actor, row: R) -> error::Result<T> {
    Ok(T::from(row))
}

/// An id of any type.
pub(crate) struct Id(Uuid);

macro_rules! from_id {
    ($($name:ident),*) => {$(
        impl From<Id> for domain::kernel::ids::$name {
            fn from(id: Id) -> domain::kernel::ids::$name {
                domain::kernel::ids::$name(id.0)
            }
        }
    )*};
}

from_id!(PersonId, CompanyId, ProjectId, ChannelId, FileId, WebhookId, CallId, EntryId, RecordId);

#[cfg(test)]
mod tests {
    use super::*;
    use domain::kernel::ids::PersonId;

    async fn page(query: &str) -> std::result::Result<Page, Failure> {
        let request = axum::http::Request::builder().uri(format!("/?{query}")).body(()).unwrap();
        Page::from_request_parts(&mut request.into_parts().0, &()).await
    }

    #[tokio::test]
    async fn a_limit_is_1_to_1000_and_100_where_nothing_is_said() {
        for (query, rows) in [("", 100), ("limit=", 100), ("limit=1", 1), ("limit=1000&x=1", 1000)] {
            assert_eq!(page(query).await.ok().unwrap().read(), rows + 1, "{query}");
        }
        for query in
            ["limit=0", "limit=1001", "limit=-1", "limit=1.5", "limit=x", "limit=1&limit=2", "limit=%31%00"]
        {
            let failure = format!("{:?}", page(query).await.err().unwrap());
            assert!(failure.contains("Some(\"limit\")"), "{query}: {failure}");
        }
    }

    #[tokio::test]
    async fn a_token_leads_on_from_where_the_page_ended_and_no_other_does() {
        let ids: Vec<Uuid> = (1..=3).map(Uuid::from_u128).collect();
        let first = page("limit=2").await.ok().unwrap();
        let place = |id: &Uuid| id.as_bytes().to_vec();
        let list = first.list(Of::Clients, ids.clone(), place, Ok).unwrap();
        assert_eq!(list.data, ids[..2]);
        let token = list.next_token.unwrap();
        let next = page(&format!("nextToken={token}")).await.ok().unwrap();
        assert_eq!(next.after_id::<PersonId>(Of::Clients).ok().unwrap(), Some(PersonId(ids[1])));
        assert!(next.after_id::<PersonId>(Of::Companies).is_err());
        assert!(next.after_position(ids[0]).is_err());
        let last = first.list(Of::Clients, ids[..2].to_vec(), place, Ok).unwrap();
        assert_eq!(last.next_token, None);
        for token in ["x", "%00", "AAAA", "%F0%9F%98%80", &"A".repeat(5000)] {
            let refused = match page(&format!("nextToken={token}")).await {
                Ok(page) => page.after_id::<PersonId>(Of::Clients).err(),
                Err(failure) => Some(failure),
            };
            assert!(format!("{refused:?}").contains("nextToken"), "{token}: {refused:?}");
        }
        assert_eq!(
            page("nextToken=").await.ok().unwrap().after_id::<PersonId>(Of::Clients).ok().unwrap(),
            None
        );
    }
}
