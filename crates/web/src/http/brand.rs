//! A firm's brand on pages: its name, pictures, colors as a style sheet, and the manifest for installing the portal as
//! the firm's app. All of it is public, since it is shown before signing in, and cached permanently under addresses
//! that change with the content.

use std::fmt::Write as _;

use axum::http::HeaderName;
use axum::http::header::{self};
use domain::tenant::brand::{self, Ink};
use domain::tenant::colors::{Accent, Shade, Side};
use domain::tenant::workspaces::{self, Workspace};
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::http::assets;

/// The product's name, used where there is no firm.
const PRODUCT: &str = "Portal Messaging";
/// The product's accent, behind white text, if the firm has not chosen one.
pub(crate) const OWN_ACCENT: &str = "#1f5fae";
/// Limit for the name under an app's icon; phones show no more.
pub(crate) const SHORT_NAME_CHARACTERS: usize = 12;

#[derive(Clone, Debug)]
pub(crate) struct Brand {
    pub(crate) name: String,
    /// The first letter of the name, shown if there is no picture.
    pub(crate) mark: String,
    /// The address of the style sheet.
    pub(crate) style: String,
    /// The icon's address and content type.
    pub(crate) icon: (String, &'static str),
    /// The address of the square picture beside the name; `touch_icon` is the one for phones.
    pub(crate) square: Option<String>,
    pub(crate) touch_icon: Option<String>,
    pub(crate) logo: Option<Logo>,
    /// The address of the picture on the sign-in page.
    pub(crate) cover: Option<String>,
    /// False for the product's own brand, which cannot be installed as an app.
    pub(crate) is_firm: bool,
}

/// A picture that replaces the name.
#[derive(Clone, Debug)]
pub(crate) struct Logo {
    pub(crate) address: String,
    pub(crate) width: i64,
    pub(crate) height: i64,
    /// The word for the ink that the picture is drawn with; empty if unknown.
    pub(crate) ink: &'static str,
}

impl Brand {
    pub(crate) fn of(workspace: &Workspace) -> Brand {
        let look = &workspace.brand;
        let colours = [&look.accent, &look.side, &look.side_text];
        let style = if colours.iter().any(|colour| colour.is_some()) {
            format!("/brand/{}/portal.css", style_stamp(workspace))
        } else {
            format!("{}/portal.css", assets::folder())
        };
        let icon = |size: u32| look.icon_at.map(|at| format!("/brand/{}/icon-{size}.png", at.0));
        Brand {
            mark: mark(&workspace.brand_name),
            style,
            icon: match icon(64) {
                Some(address) => (address, "image/png"),
                None => (format!("/brand/{}/icon.svg", letter_stamp(workspace)), "image/svg+xml"),
            },
            square: icon(64),
            touch_icon: icon(180),
            logo: look.logo.as_ref().map(|logo| Logo {
                address: format!("/brand/{}/logo.png", logo.at.0),
                width: logo.width,
                height: logo.height,
                ink: logo.ink.map_or("", Ink::word),
            }),
            cover: look.cover_at.map(|at| format!("/brand/{}/cover.jpg", at.0)),
            is_firm: true,
            name: workspace.brand_name.clone(),
        }
    }

    /// For hosts without a firm, and before set-up.
    pub(crate) fn product() -> Brand {
        let folder = assets::folder();
        Brand {
            name: PRODUCT.to_string(),
            mark: mark(PRODUCT),
            style: format!("{folder}/portal.css"),
            icon: (format!("{folder}/icon.svg"), "image/svg+xml"),
            square: None,
            touch_icon: None,
            logo: None,
            cover: None,
            is_firm: false,
        }
    }

    /// The brand at a host, for error pages. Falls back to the product's, so that an error page never fails.
    pub(crate) async fn at(app: &App, host: String) -> Brand {
        match app.store().read(move |reader| workspaces::by_host(reader, &host)).await {
            Ok(Some(workspace)) => Brand::of(&workspace),
            Ok(None) | Err(_) => Brand::product(),
        }
    }
}

fn mark(name: &str) -> String {
    name.chars().next().map(|character| character.to_uppercase().to_string()).unwrap_or_default()
}

/// Cache headers for a part of the brand. Pages that are still open may use an outdated address; it gets the newest
/// version, uncached.
pub(crate) fn kept(is_current: bool) -> [(HeaderName, &'static str); 1] {
    let value = if is_current { "public, max-age=31536000, immutable" } else { "no-cache" };
    [(header::CACHE_CONTROL, value)]
}

/// For pictures opened on their own: nothing in them may run or load.
pub(crate) fn drawn_only() -> [(HeaderName, &'static str); 1] {
    [(header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'")]
}

pub(crate) fn stamp(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let digest: [u8; 32] = hash.finalize().into();
    digest[..8].iter().fold(String::new(), |mut stamp, byte| {
        // Writing into a String does not fail.
        let _ = write!(stamp, "{byte:02x}");
        stamp
    })
}

pub(crate) fn style_stamp(workspace: &Workspace) -> String {
    stamp(&[assets::folder(), &colours(&workspace.brand)])
}

pub(crate) fn letter_stamp(workspace: &Workspace) -> String {
    stamp(&[&letter(workspace)])
}

/// The firm's colors as CSS, in the layer that overrides the product's.
pub(crate) fn colours(brand: &brand::Brand) -> String {
    let mut style = String::from("\n@layer tokens{:root{");
    if let Some(Accent { hue, light, dark }) = brand.accent() {
        let both = |name: &str, light: Shade, dark: Shade| format!("--{name}:light-dark({light},{dark});");
        style.push_str(&format!("--hue:{hue:.1};"));
        style.push_str(&both("accent", light.fill, dark.fill));
        style.push_str(&both("accent-strong", light.strong, dark.strong));
        style.push_str(&both("accent-ink", light.ink, dark.ink));
        style.push_str(&both("tint", light.tint, dark.tint));
    }
    if let Some(side) = brand.side() {
        let Side { back, text, soft, current, pointed } = side;
        style.push_str(&format!(
            "--side:{back};--side-line:{back};--side-ink:{text};--side-soft:{soft};--side-current:{current};\
             --side-current-ink:{text};--side-pointed:{pointed};"
        ));
        let (dark, light) =
            if side.is_dark() { ("white", "transparent") } else { ("transparent", "#1c2128") };
        style.push_str(&format!("--under-dark:{dark};--under-light:{light};"));
    }
    style.push_str("}}\n");
    style
}

/// The firm's first letter as an icon, with a margin for phones that crop icons to a circle.
pub(crate) fn letter(workspace: &Workspace) -> String {
    let accent =
        workspace.brand.accent().map_or(OWN_ACCENT.to_string(), |accent| accent.light.fill.to_string());
    let letter = mark(&workspace.brand_name);
    let letter = letter.replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 64 64\"><rect width=\"64\" height=\"64\" rx=\"14\" \
         fill=\"{accent}\"/><text x=\"32\" y=\"44\" text-anchor=\"middle\" font-family=\"system-ui,sans-serif\" \
         font-size=\"34\" font-weight=\"700\" fill=\"#fff\">{letter}</text></svg>"
    )
}
