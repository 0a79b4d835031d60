//! Who may upload: a signed-in person, or the person of a reply link, for that link's channel only.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::HeaderName;
use axum::http::request::Parts;
use domain::kernel::access::Actor;
use domain::kernel::ids::ChannelId;
use domain::notify::reply_links::{self, Outcome};

use crate::app::App;
use crate::http::answers::{Answer, Result};
use crate::http::visitor::{CurrentWorkspace, Visitor};

/// Sent by the scripts of the reply page.
const REPLY_LINK: HeaderName = HeaderName::from_static("portal-reply-link");

#[derive(Clone, Copy, Debug)]
pub(crate) struct Uploader {
    pub(crate) actor: Actor,
    /// For a reply link, the only channel allowed.
    only: Option<ChannelId>,
}

impl Uploader {
    /// Returns `NotFound` for a channel that is out of reach.
    pub(crate) fn may(&self, channel: ChannelId) -> Result<()> {
        if self.only.is_none_or(|only| only == channel) { Ok(()) } else { Err(Answer::not_found()) }
    }
}

impl FromRequestParts<App> for Uploader {
    type Rejection = Answer;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Uploader> {
        let visitor = <Visitor as OptionalFromRequestParts<App>>::from_request_parts(parts, app).await?;
        let secret =
            parts.headers.get(REPLY_LINK).and_then(|secret| secret.to_str().ok()).map(str::to_string);
        let Some(secret) = secret else {
            return match visitor {
                Some(visitor) => Ok(Uploader { actor: visitor.actor, only: None }),
                None => Err(Answer::SignIn("/".to_string())),
            };
        };
        let CurrentWorkspace(workspace) = CurrentWorkspace::from_request_parts(parts, app).await?;
        let signed_in = visitor.map(|visitor| visitor.actor);
        let outcome = app
            .store()
            .read(move |reader| reply_links::resolve(reader, workspace.id, &secret, signed_in.as_ref()))
            .await?;
        match outcome {
            Outcome::Reply(actor, link) => Ok(Uploader { actor, only: Some(link.channel) }),
            Outcome::Portal(actor, channel) => Ok(Uploader { actor, only: Some(channel) }),
            _ => Err(Answer::not_found()),
        }
    }
}
