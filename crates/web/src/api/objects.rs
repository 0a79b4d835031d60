//! What API objects of all kinds share.

use std::str::FromStr;
use std::time::Duration;

use domain::kernel::access::Actor;
use serde::{Deserialize, Serialize};
use store::Time;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::schemas;

/// The context for reading objects as an API client sees them.
#[derive(Clone)]
pub(crate) struct Viewer {
    pub(crate) actor: Actor,
    /// Overrides the workspace's wait.
    pub(crate) wait: Option<Duration>,
    /// The base of the installation's links.
    pub(crate) public_url: String,
}

pub(crate) fn time(time: Time) -> schemas::Time {
    schemas::Time(time)
}

/// What is no longer there.
#[derive(Serialize, ToSchema)]
pub(crate) struct Deleted {
    id: Uuid,
    object: &'static str,
    deleted: bool,
}

impl Deleted {
    pub(crate) fn new(id: Uuid, object: &'static str) -> Deleted {
        Deleted { id, object, deleted: true }
    }
}

/// An id, or an empty string for none.
#[derive(Clone)]
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
