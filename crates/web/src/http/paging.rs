//! Long lists on a page: searched by `?find=`, cut into pages that go on with `?after=` the last one shown.

use serde::{Deserialize, Serialize};

use crate::http::forms;

/// Rows of one page.
const PAGE: usize = 50;
/// How many to read for a page: one more tells that another page follows.
pub(crate) const READ: i64 = PAGE as i64 + 1;

/// What is asked of a list.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct ListQuery<Id> {
    /// What names or titles have in them; empty for all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) find: String,
    /// Those after this one.
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<Id>,
    /// Those that are put away too, where a list has such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) archived: Option<String>,
}

/// A page of a list, as templates show it around its rows.
#[derive(Clone, Debug)]
pub(crate) struct Listing {
    /// What was searched for.
    pub(crate) find: String,
    /// Whether those put away are shown too.
    pub(crate) archived: bool,
    /// The address of the first page, on every other.
    pub(crate) first: Option<String>,
    /// The address of the next page, where there is one.
    pub(crate) next: Option<String>,
}

/// Cuts `rows`, of which [`READ`] were read, to a page of the list at `path`.
pub(crate) fn cut<Row, Id: Clone + Serialize>(
    path: &str,
    wanted: &ListQuery<Id>,
    rows: &mut Vec<Row>,
    id: impl Fn(&Row) -> Id,
) -> Listing {
    let is_longer = rows.len() > PAGE;
    rows.truncate(PAGE);
    let from = |after: Option<Id>| forms::address(path, &ListQuery { after, ..wanted.clone() });
    Listing {
        find: wanted.find.clone(),
        archived: wanted.archived.is_some(),
        first: wanted.after.is_some().then(|| from(None)),
        next: rows.last().filter(|_| is_longer).map(|last| from(Some(id(last)))),
    }
}
