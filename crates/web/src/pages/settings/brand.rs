//! Settings → Brand, for admins (B1, B3): the firm's name, colors and pictures, and the portal's host name. Each has a
//! button of its own; the answer carries the previous values, so that a change can be undone.

use askama::Template;
use axum::http::header::HeaderMap;
use domain::kernel::access;
use domain::kernel::error;
use domain::tenant::brand_settings::{self, BrandChange};
use domain::tenant::colors::{Accent, Shade, Side};
use domain::tenant::workspaces::{self, Workspace};
use serde::{Deserialize, Serialize};
use store::Reader;

use crate::http::answers::Result;
use crate::http::brand::OWN_ACCENT;
use crate::http::cookies;
use crate::http::extractors::{Input, Query};
use crate::http::forms::FieldError;
use crate::http::layout::{Layout, Module};
use crate::http::routes::Routes;
use crate::http::undo::{self, Saved};
use crate::http::visit::{FormPage, Visit};
use crate::http::visitor::Visitor;

pub(crate) const HERE: &str = "/settings/brand";

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get(HERE, show).post(HERE, change)
}

/// What a form sends; the page has several. `None` leaves a value unchanged, empty resets it to the portal's default.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Form {
    #[serde(skip_serializing_if = "Option::is_none")]
    brand_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    color_accent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    color_sidebar_background: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    color_sidebar_text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<String>,
}

impl Form {
    /// The form that undoes this one.
    fn undo(&self, before: &Workspace) -> Form {
        let was = |given: &Option<String>, before: &Option<String>| {
            given.as_ref().map(|_| before.clone().unwrap_or_default())
        };
        let brand = &before.brand;
        Form {
            brand_name: self.brand_name.as_ref().map(|_| before.brand_name.clone()),
            color_accent: was(&self.color_accent, &brand.accent),
            color_sidebar_background: was(&self.color_sidebar_background, &brand.side),
            color_sidebar_text: was(&self.color_sidebar_text, &brand.side_text),
            host: was(&self.host, &before.host),
        }
    }
}

#[derive(Template)]
#[template(path = "settings/brand.html")]
struct BrandPage {
    layout: Layout,
    brand_name: String,
    /// The accent as chosen.
    accent: Option<String>,
    /// The accent as shown, adjusted for contrast (B1).
    shown: Option<Accent>,
    accent_typed: String,
    side: Option<Side>,
    side_typed: String,
    side_text_typed: String,
    host_typed: String,
    /// The beginning of the portal's links.
    address: String,
    former_hosts: Vec<String>,
    wrong: FieldError,
    saved: Saved,
}

impl FormPage for BrandPage {
    /// The beginning of the portal's links, what was typed, and what was just saved.
    type Asked = (String, Form, Saved);

    fn read(
        reader: &Reader,
        visitor: &Visitor,
        (address, typed, saved): Self::Asked,
        wrong: FieldError,
    ) -> error::Result<BrandPage> {
        access::admin(&visitor.actor)?;
        let Workspace { id, brand_name, brand, host, .. } = workspaces::find(reader, visitor.workspace.id)?;
        let (shown, side) = (brand.accent(), brand.side());
        Ok(BrandPage {
            layout: Layout::read(reader, visitor, Module::Settings, "Brand")?,
            brand_name: typed.brand_name.unwrap_or(brand_name),
            accent_typed: typed
                .color_accent
                .or_else(|| brand.accent.clone())
                .unwrap_or_else(|| OWN_ACCENT.to_string()),
            accent: brand.accent,
            shown,
            side_typed: typed.color_sidebar_background.or(brand.side).unwrap_or_default(),
            side_text_typed: typed.color_sidebar_text.or(brand.side_text).unwrap_or_default(),
            side,
            host_typed: typed.host.or(host).unwrap_or_default(),
            address,
            former_hosts: workspaces::former_hosts(reader, id)?,
            wrong,
            saved,
        })
    }
}

impl BrandPage {
    /// The accent shown behind white text, if it differs from the chosen one.
    fn corrected(&self) -> Option<Shade> {
        let shown = self.shown?;
        let given = self.accent.as_deref().and_then(Shade::parse)?;
        (shown.light.fill != given).then_some(shown.light.fill)
    }
}

async fn show(visit: Visit, Query(saved): Query<Saved>) -> Result {
    show_form(visit, Form::default(), FieldError::default(), saved).await
}

/// Shows the page with what was typed and what was wrong.
pub(crate) async fn show_form(visit: Visit, typed: Form, wrong: FieldError, saved: Saved) -> Result {
    let address = visit.app.address_of(&visit.visitor.workspace);
    visit.show_form::<BrandPage>((address, typed, saved), wrong).await
}

async fn change(visit: Visit, headers: HeaderMap, Input(form): Input<Form>) -> Result {
    let (given, asked_at) = (form.clone(), cookies::host(&headers));
    let saved = undo::save(&visit, &headers, HERE, move |tx, actor| {
        let undo = given.undo(&workspaces::find(tx, actor.workspace)?);
        let change = BrandChange {
            name: given.brand_name,
            accent: given.color_accent,
            side: given.color_sidebar_background,
            side_text: given.color_sidebar_text,
        };
        brand_settings::change(tx, actor, &change)?;
        if let Some(host) = &given.host {
            workspaces::change_host(tx, actor, host, &asked_at)?;
        }
        Ok(undo)
    });
    match saved.await? {
        Ok(answer) => Ok(answer),
        Err(wrong) => show_form(visit, form, wrong, Saved::default()).await,
    }
}
