//! Long lists: filtered by `?find=`, and paged by `?after=` with the last id shown.

use serde::{Deserialize, Serialize};

use crate::http::forms;

/// Rows per page.
const PAGE: usize = 50;
/// Rows to read for a page: one more shows whether another page follows.
pub(crate) const READ: i64 = PAGE as i64 + 1;

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct ListQuery<Id> {
    /// Part of a name or title; empty for all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) find: String,
    /// The last row of the previous page.
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<Id>,
    /// Set to include archived rows, in lists that have them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) archived: Option<String>,
}

/// A page of a list, without its rows.
#[derive(Clone, Debug)]
pub(crate) struct Listing {
    pub(crate) find: String,
    pub(crate) archived: bool,
    /// The address of the first page, unless this is it.
    pub(crate) first: Option<String>,
    /// The address of the next page, if there is one.
    pub(crate) next: Option<String>,
}

/// Cuts `rows`, of which one more than `most` was read, and returns the id of the last one if another page follows.
pub(crate) fn cut_to<Row, Id>(rows: &mut Vec<Row>, most: usize, id: impl Fn(&Row) -> Id) -> Option<Id> {
    let is_longer = rows.len() > most;
    rows.truncate(most);
    rows.last().filter(|_| is_longer).map(id)
}

/// Cuts `rows`, of which [`READ`] were read, to one page of the list at `path`.
pub(crate) fn cut<Row, Id: Clone + Serialize>(
    path: &str,
    wanted: &ListQuery<Id>,
    rows: &mut Vec<Row>,
    id: impl Fn(&Row) -> Id,
) -> Listing {
    let last = cut_to(rows, PAGE, id);
    let from = |after: Option<Id>| forms::address(path, &ListQuery { after, ..wanted.clone() });
    Listing {
        find: wanted.find.clone(),
        archived: wanted.archived.is_some(),
        first: wanted.after.is_some().then(|| from(None)),
        next: last.map(|last| from(Some(last))),
    }
}
