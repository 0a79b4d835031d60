//! What objects of all kinds have in common.

use std::str::FromStr;
use std::time::Duration;

use domain::kernel::access::Actor;
use serde::{Deserialize, Serialize};
use store::Time;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::schemas;

/// Looks at things as programs see them.
#[derive(Clone)]
pub(crate) struct Viewer {
    pub(crate) actor: Actor,
    /// What stands in for the workspace's wait.
    pub(crate) wait: Option<Duration>,
    /// What addresses of the installation begin with.
    pub(crate) public_url: String,
}

/// A time as every object shows it: RFC 3339 in UTC with milliseconds.
pub(crate) fn time(time: Time) -> schemas::Time {
    schemas::Time(time)
}

/// What is no longer there.
#[derive(Serialize, ToSchema)]
pub(crate) struct Deleted {
    #[schema(value_type = schemas::Id)]
    id: Uuid,
    object: &'static str,
    deleted: bool,
}

impl Deleted {
    pub(crate) fn new(id: Uuid, object: &'static str) -> Deleted {
        Deleted { id, object, deleted: true }
    }
}

/// An id for which an empty text may stand to say that there is none.
pub(crate) struct Emptiable<T>(pub(crate) Option<T>);

impl<'de, T: FromStr> Deserialize<'de> for Emptiable<T> {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Emptiable<T>, D::Error> {
        let text = String::deserialize(from)?;
        if text.is_empty() {
            return Ok(Emptiable(None));
        }
        text.parse().map(|id| Emptiable(Some(id))).map_err(|_| serde::de::Error::custom("expected an id"))
    }
}
