//! What a browser fetches of a brand: its style sheet, pictures, icon and web app manifest (B1, B2).

use axum::extract::State;
use axum::http::header::{self, HeaderMap};
use axum::response::IntoResponse;
use domain::tenant::brand_settings;
use serde_json::json;

use crate::app::App;
use crate::http::answers::Result;
use crate::http::assets;
use crate::http::brand::{
    OWN_ACCENT, SHORT_NAME_CHARACTERS, colours, drawn_only, kept, letter, letter_stamp, style_stamp,
};
use crate::http::extractors::PathParam;
use crate::http::routes::Routes;
use crate::http::visitor::CurrentWorkspace;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get("/brand/{stamp}/{name}", part).get("/manifest.webmanifest", manifest)
}

/// The style sheet, the icon drawn from the name, or one of the brand's pictures.
pub(crate) async fn part(
    State(app): State<App>,
    CurrentWorkspace(workspace): CurrentWorkspace,
    PathParam((stamp, name)): PathParam<(String, String)>,
    headers: HeaderMap,
) -> Result {
    match name.as_str() {
        "portal.css" => {
            let mut style = assets::bytes("portal.css").to_vec();
            style.extend_from_slice(colours(&workspace.brand).as_bytes());
            let kept = kept(stamp == style_stamp(&workspace));
            let kind = [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::VARY, "accept-encoding")];
            if assets::takes_gzip(&headers) {
                let encoded = [(header::CONTENT_ENCODING, "gzip")];
                return Ok((kind, kept, encoded, assets::compress_quickly(&style)).into_response());
            }
            Ok((kind, kept, style).into_response())
        }
        "icon.svg" => {
            let kind = [(header::CONTENT_TYPE, "image/svg+xml")];
            let kept = kept(stamp == letter_stamp(&workspace));
            Ok((kind, kept, drawn_only(), letter(&workspace)).into_response())
        }
        _ => {
            let look = &workspace.brand;
            let at = match name.split(['.', '-']).next() {
                Some("logo") => look.logo.as_ref().map(|logo| logo.at),
                Some("icon") => look.icon_at,
                _ => look.cover_at,
            };
            let kept = kept(at.is_some_and(|at| at.0.to_string() == stamp));
            let id = workspace.id;
            let found = app.store().read(move |reader| brand_settings::picture(reader, id, &name)).await?;
            Ok(([(header::CONTENT_TYPE, found.content_type)], kept, drawn_only(), found.bytes)
                .into_response())
        }
    }
}

/// The web app manifest (W3C Web Application Manifest).
async fn manifest(CurrentWorkspace(workspace): CurrentWorkspace) -> Result {
    let look = &workspace.brand;
    let accent = look.accent().map_or(OWN_ACCENT.to_string(), |accent| accent.light.fill.to_string());
    let theme = look.side().map_or(accent, |side| side.back.to_string());
    let icons = match look.icon_at {
        Some(at) => {
            let icon = |name: &str, size: u32, purpose: &str| {
                let (src, sizes) = (format!("/brand/{}/{name}.png", at.0), format!("{size}x{size}"));
                json!({ "src": src, "sizes": sizes, "type": "image/png", "purpose": purpose })
            };
            json!([
                icon("icon-192", 192, "any"),
                icon("icon-512", 512, "any"),
                icon("icon-round", 512, "maskable")
            ])
        }
        None => {
            let src = format!("/brand/{}/icon.svg", letter_stamp(&workspace));
            let icon =
                |purpose| json!({ "src": src, "sizes": "any", "type": "image/svg+xml", "purpose": purpose });
            json!([icon("any"), icon("maskable")])
        }
    };
    let name = &workspace.brand_name;
    let short: String = name.chars().take(SHORT_NAME_CHARACTERS).collect();
    let manifest = json!({
        "id": "/", "name": name, "short_name": short.trim(), "start_url": "/messages", "scope": "/",
        "display": "standalone", "background_color": "#f9fafc", "theme_color": theme, "icons": icons,
    });
    // Always revalidated, so that installed apps get the newest brand too (B1).
    let headers = [(header::CONTENT_TYPE, "application/manifest+json"), (header::CACHE_CONTROL, "no-cache")];
    Ok((headers, manifest.to_string()).into_response())
}
