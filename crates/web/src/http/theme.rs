//! Display preferences of a device: light or dark, and whether the details column is shown. Scripts store them in
//! cookies, so that the first paint is right without waiting for a script.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header::HeaderMap;
use axum::http::request::Parts;

use crate::http::assets;
use crate::http::cookies::cookie;

/// What the frame of every page depends on besides the visitor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Theme {
    /// `light` or `dark`; `None` follows the device.
    pub(crate) theme: Option<&'static str>,
    pub(crate) are_details_closed: bool,
}

impl Theme {
    pub(crate) fn of(headers: &HeaderMap) -> Theme {
        let theme = cookie(headers, "theme");
        let theme = ["light", "dark"].into_iter().find(|known| theme.as_deref() == Some(*known));
        Theme { theme, are_details_closed: cookie(headers, "details").as_deref() == Some("closed") }
    }

    /// The folder of styles and scripts.
    pub(crate) fn assets(&self) -> &'static str {
        assets::folder()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Theme {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Theme, Infallible> {
        Ok(Theme::of(&parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use crate::http::theme::Theme;
    use axum::http::header::{COOKIE, HeaderMap, HeaderValue};

    #[test]
    fn only_what_scripts_write_is_understood() {
        let look = |cookies: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, HeaderValue::from_static(cookies));
            Theme::of(&headers)
        };
        assert_eq!(
            look("portal=abc; theme=dark; details=closed"),
            Theme { theme: Some("dark"), are_details_closed: true }
        );
        assert_eq!(look("theme=light").theme, Some("light"));
        assert_eq!(look("theme=\"><script>; details=open"), Theme::default());
        assert_eq!(look("portal=theme=dark"), Theme::default());
    }
}
