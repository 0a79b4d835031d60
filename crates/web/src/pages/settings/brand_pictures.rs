//! Uploading the pictures of a brand (B2) with a plain form. They are checked, scaled down and re-encoded before they are
//! stored, one at a time, because decoding takes much memory.

use std::convert::Infallible;

use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use bytes::Bytes;
use domain::kernel::access;
use domain::kernel::error::{self, Error, Problem};
use domain::tenant::brand::Ink;
use domain::tenant::brand_settings::{self, Picture, Pictures, Place};
use multer::Multipart;
use outbound::pictures::brands::{self, MILLIONS_MAX, Made, Refused, SIDE_MAX};
use tokio::sync::Semaphore;

use crate::http::answers::{Answer, Result, redirect};
use crate::http::extractors::{self, PathParam};
use crate::http::forms;
use crate::http::response_format::ResponseFormat;
use crate::http::routes::Routes;
use crate::http::undo::{self, Saved, Undo};
use crate::http::visit::Visit;
use crate::pages::settings::brand::{Form, HERE, show_form};

/// The size limit of a picture in bytes: enough for a photo from a camera.
pub(crate) const PICTURE_BYTES: usize = 10_000_000;
/// Bytes of the form around the picture.
const BESIDE_BYTES: usize = 4_096;
/// Below this lightness, a logo needs a light background; above the other, a dark one.
const DARK_UNDER: f32 = 0.35;
const LIGHT_OVER: f32 = 0.65;

static ONE_AT_A_TIME: Semaphore = Semaphore::const_new(1);

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.post("/settings/brand/{place}", upload).post("/settings/brand/{place}/remove", remove)
}

fn place(word: &str) -> Result<Place> {
    Place::from_word(word).ok_or_else(Answer::not_found)
}

async fn upload(visit: Visit, PathParam(word): PathParam<String>, request: Request) -> Result {
    access::admin(&visit.actor())?;
    let place = place(&word)?;
    let wanted = ResponseFormat::of(request.headers());
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
    let boundary = multer::parse_boundary(kind).map_err(|_| Answer::from(none(place)));
    let came = match received(place, request, PICTURE_BYTES + BESIDE_BYTES).await? {
        Ok(body) => chosen(place, body, boundary?).await,
        Err(error) => Err(error),
    };
    let made = match came {
        Ok(bytes) => made(place, bytes).await?,
        Err(error) => Err(error),
    };
    let done = match made {
        Ok(made) => {
            visit.write(move |tx, actor| brand_settings::set_pictures(tx, actor, place, Some(&made))).await
        }
        Err(error) => Err(error),
    };
    answered(visit, wanted, done).await
}

async fn remove(visit: Visit, PathParam(word): PathParam<String>) -> Result {
    let place = place(&word)?;
    let done = visit.write(move |tx, actor| brand_settings::set_pictures(tx, actor, place, None)).await;
    answered(visit, ResponseFormat::Page, done).await
}

async fn answered(visit: Visit, wanted: ResponseFormat, done: error::Result<()>) -> Result {
    if wanted == ResponseFormat::Json {
        done?;
        return Ok(axum::Json(serde_json::json!({})).into_response());
    }
    match forms::checked(done)? {
        Ok(()) => Ok(redirect(&undo::saved(HERE, Undo::of(&Form::default())))),
        Err(wrong) => show_form(visit, Form::default(), wrong, Saved::default()).await,
    }
}

fn none(place: Place) -> Error {
    Error::field(place.word(), Problem::NoPicture)
}

/// Reads the file out of the form.
async fn chosen(place: Place, body: Bytes, boundary: String) -> error::Result<Bytes> {
    let body = futures_util::stream::once(async move { Ok::<_, Infallible>(body) });
    let mut parts = Multipart::new(body, boundary);
    while let Some(part) = parts.next_field().await.map_err(|_| none(place))? {
        if part.name() == Some("picture") {
            let bytes = part.bytes().await.map_err(|_| none(place))?;
            return if bytes.is_empty() {
                Err(Error::field(place.word(), Problem::Empty))
            } else {
                Ok(bytes)
            };
        }
    }
    Err(Error::field(place.word(), Problem::Empty))
}

/// Reads a body with a picture. Over `most` bytes, the inner result is an error at the picture's field.
pub(crate) async fn received(place: Place, request: Request, most: usize) -> Result<error::Result<Bytes>> {
    match extractors::whole(request, most).await {
        Ok(body) => Ok(Ok(body)),
        Err(answer) if answer.status() == 413 => {
            let most = PICTURE_BYTES as i64;
            Ok(Err(Error::field(place.word(), Problem::TooLarge(most))))
        }
        Err(answer) => Err(answer),
    }
}

/// Turns an uploaded picture into those that are served.
pub(crate) async fn made(place: Place, bytes: Bytes) -> Result<error::Result<Pictures>> {
    let turn = ONE_AT_A_TIME.acquire().await;
    let making = tokio::task::spawn_blocking(move || match place {
        Place::Logo => brands::logo(&bytes).map(|(made, lightness)| (vec![made], lightness)),
        Place::Icon => brands::icons(&bytes).map(|made| (made, None)),
        Place::Cover => brands::cover(&bytes).map(|made| (vec![made], None)),
    });
    let made = making.await;
    drop(turn);
    let Ok(made) = made else { return Ok(Err(none(place))) };
    Ok(match made {
        Ok((made, lightness)) => Ok(pictures(made, lightness)),
        Err(Refused::TooLarge(..)) => {
            Err(Error::field(place.word(), Problem::PictureTooLarge(SIDE_MAX, MILLIONS_MAX)))
        }
        Err(Refused::None(_)) => Err(none(place)),
    })
}

fn pictures(made: Vec<Made>, lightness: Option<f32>) -> Pictures {
    let (width, height) = made.first().map_or((0, 0), |made| made.dimensions);
    let ink = match lightness {
        Some(lightness) if lightness < DARK_UNDER => Some(Ink::Dark),
        Some(lightness) if lightness > LIGHT_OVER => Some(Ink::Light),
        _ => None,
    };
    let picture = |made: Made| Picture {
        name: made.name,
        content_type: made.content_type.to_string(),
        bytes: made.bytes,
    };
    Pictures {
        made: made.into_iter().map(picture).collect(),
        dimensions: (i64::from(width), i64::from(height)),
        ink,
    }
}
