//! The page of a link that signs somebody in or accepts an invitation (S1, S2). It asks for one tap, an invitation also
//! for the person's name. A mere GET changes nothing, so mail scanners cannot use the link up.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::HeaderMap;
use domain::administration::profile::{self, SelfInput};
use domain::arrival::sign_in;
use domain::directory::person;
use domain::identity::sign_in_links::{self, LinkKind, LinkState};
use domain::kernel::access;
use domain::kernel::error::{self, Error};
use domain::kernel::ids::{PersonId, WorkspaceId};
use domain::kernel::name::Name;
use domain::kernel::patch::Patch;
use domain::tenant::workspaces::Workspace;
use store::{Reader, Tx};

use crate::app::App;
use crate::http::answers::{Answer, Result, page};
use crate::http::brand::Brand;
use crate::http::extractors::{Inputs, PathParam, Query};
use crate::http::forms::{self, FieldError};
use crate::http::routes::Routes;
use crate::http::theme::Theme;
use crate::http::visitor::{CurrentWorkspace, Visitor};
use crate::pages::sign_in::browser_session::{agent, signed_in, start};
use crate::pages::sign_in::code::ReturnTo;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get("/sign-in/link/{secret}", link).post("/sign-in/link/{secret}", by_link)
}

/// Where to go afterwards and, for an invitation, the person's name and phone number.
#[derive(Clone, Default)]
struct Form {
    wanted: ReturnTo,
    me: SelfInput,
}

/// Who the link would sign in, and who is signed in already.
struct Seen {
    person: PersonId,
    name: Name,
    kind: LinkKind,
    state: LinkState,
    /// Where they wanted to go.
    back: Option<String>,
    /// Their phone number, for invitations.
    phone: Option<String>,
    /// Who is signed in on this device.
    here: Option<Name>,
}

#[derive(Template)]
#[template(path = "sign_in/link.html")]
struct LinkPage {
    look: Theme,
    brand: Brand,
    name: Name,
    /// Somebody else who is signed in on this device.
    other: Option<Name>,
    back: String,
}

#[derive(Template)]
#[template(path = "sign_in/invitation.html")]
struct InvitationPage {
    look: Theme,
    brand: Brand,
    name: Name,
    other: Option<Name>,
    back: String,
    given_name: String,
    family_name: String,
    phone: String,
    wrong: FieldError,
}

#[derive(Template)]
#[template(path = "sign_in/dead_link.html")]
struct DeadLinkPage {
    look: Theme,
    brand: Brand,
    title: &'static str,
    /// Why, and what to do.
    words: &'static str,
    /// Whether to offer signing in by mail.
    may_sign_in: bool,
    /// Whether the link's person is already signed in here.
    is_here: bool,
}

async fn link(
    State(app): State<App>,
    look: Theme,
    CurrentWorkspace(workspace): CurrentWorkspace,
    visitor: Option<Visitor>,
    PathParam(secret): PathParam<String>,
    Query(wanted): Query<ReturnTo>,
) -> Result {
    let form = Form { wanted, ..Form::default() };
    show(&app, look, &workspace, visitor, secret, form, FieldError::default()).await
}

async fn show(
    app: &App,
    look: Theme,
    workspace: &Workspace,
    visitor: Option<Visitor>,
    secret: String,
    form: Form,
    wrong: FieldError,
) -> Result {
    let (id, me) = (workspace.id, visitor.as_ref().map(|visitor| visitor.actor.person));
    let seen = app.store().read(move |reader| see(reader, id, &secret, visitor.as_ref())).await?;
    let brand = Brand::of(workspace);
    let Some(seen) = seen else {
        return dead(look, brand, StatusCode::NOT_FOUND, "This link is not known here", OLD, true, false);
    };
    let is_here = Some(seen.person) == me;
    let gone = StatusCode::GONE;
    match (seen.state, seen.kind) {
        (LinkState::Good, _) => {}
        (LinkState::TakenBack, _) => {
            return dead(look, brand, gone, "This invitation was taken back", TAKEN_BACK, false, is_here);
        }
        (LinkState::Used, LinkKind::Invitation) => {
            return dead(look, brand, gone, "This invitation has been accepted", ACCEPTED, true, is_here);
        }
        (LinkState::Expired, LinkKind::Invitation) => {
            return dead(look, brand, gone, "This invitation has expired", INVITED, true, is_here);
        }
        (LinkState::Used, _) => {
            return dead(look, brand, gone, "This link has been used", OLD, true, is_here);
        }
        (LinkState::Expired, _) => {
            return dead(look, brand, gone, "This link has expired", OLD, true, is_here);
        }
    }
    let other = seen.here.filter(|_| !is_here);
    let asked = ReturnTo { back: seen.back.unwrap_or_default(), ..ReturnTo::default() };
    let back = if form.wanted.back.is_empty() { asked.back() } else { form.wanted.back() }.to_string();
    if seen.kind != LinkKind::Invitation {
        return page(StatusCode::OK, &LinkPage { look, brand, name: seen.name, other, back });
    }
    let invitation = InvitationPage {
        look,
        brand,
        other,
        back,
        given_name: form.me.given_name.or(&seen.name.given).clone(),
        family_name: form.me.family_name.or(&seen.name.family).clone(),
        phone: form.me.phone.into_value().or(seen.phone).unwrap_or_default(),
        name: seen.name,
        wrong,
    };
    page(invitation.wrong.status(), &invitation)
}

const OLD: &str =
    "Links work once and for a limited time, so that nobody else can use them. A new one takes a moment.";
const ACCEPTED: &str =
    "It works once. If it was you, sign in with your address; if it was not, please tell us.";
const INVITED: &str =
    "It was good for seven days. You can still sign in with the address that it was sent to.";
const TAKEN_BACK: &str =
    "Whoever invited you has taken it back. If you think that is a mistake, please ask them.";

fn dead(
    look: Theme,
    brand: Brand,
    status: StatusCode,
    title: &'static str,
    words: &'static str,
    may_sign_in: bool,
    is_here: bool,
) -> Result {
    page(status, &DeadLinkPage { look, brand, title, words, may_sign_in, is_here })
}

fn see(
    reader: &Reader,
    workspace: WorkspaceId,
    secret: &str,
    visitor: Option<&Visitor>,
) -> error::Result<Option<Seen>> {
    let link = match sign_in_links::find_link(reader, secret) {
        Ok(link) if link.workspace == workspace => link,
        Ok(_) | Err(Error::NotFound) => return Ok(None),
        Err(error) => return Err(error),
    };
    let here = visitor.map(|visitor| person::profile(reader, &visitor.actor)).transpose()?;
    let asks = link.kind == LinkKind::Invitation && link.state == LinkState::Good;
    let invited = if asks { access::actor(reader, workspace, link.person)? } else { None };
    let phone = match invited {
        Some(invited) => person::profile(reader, &invited)?.phone,
        None => None,
    };
    Ok(Some(Seen {
        person: link.person,
        name: link.name,
        kind: link.kind,
        state: link.state,
        back: link.back,
        phone,
        here: here.map(|person| person.name),
    }))
}

async fn by_link(
    State(app): State<App>,
    look: Theme,
    CurrentWorkspace(workspace): CurrentWorkspace,
    visitor: Option<Visitor>,
    headers: HeaderMap,
    PathParam(secret): PathParam<String>,
    Inputs(me, wanted): Inputs<SelfInput, ReturnTo>,
) -> Result {
    let form = Form { wanted, me: SelfInput { time_zone: Patch::Keep, ..me } };
    let (id, agent) = (workspace.id, agent(&headers));
    let (used, replaced, typed) = (secret.clone(), visitor.clone(), form.me.clone());
    let signed = app
        .store()
        .write(move |tx| {
            let is_invitation =
                sign_in_links::find_link(tx, &used).is_ok_and(|link| link.kind == LinkKind::Invitation);
            let (there, person) = sign_in::by_link(tx, &used)?;
            if there != id {
                return Err(Error::NotFound);
            }
            if is_invitation {
                call_themselves(tx, id, person, &typed)?;
            }
            start(tx, id, person, &agent, replaced.as_ref())
        })
        .await;
    match signed {
        Ok(secret) => Ok(signed_in(&app, &secret, form.wanted.back())),
        // The link's page explains why it cannot sign anybody in.
        Err(Error::Conflict(_) | Error::NotFound) => {
            show(&app, look, &workspace, visitor, secret, form, FieldError::default()).await
        }
        Err(error @ Error::Field { .. }) => match forms::checked::<()>(Err(error))? {
            Ok(()) => Err(Answer::not_found()),
            Err(wrong) => show(&app, look, &workspace, visitor, secret, form, wrong).await,
        },
        Err(error) => Err(Answer::from(error)),
    }
}

/// Saves the name and phone number that somebody gave when accepting an invitation.
fn call_themselves(
    tx: &mut Tx,
    workspace: WorkspaceId,
    person: PersonId,
    me: &SelfInput,
) -> error::Result<()> {
    let invited: access::Actor = access::actor(tx, workspace, person)?.ok_or(Error::NotFound)?;
    profile::edit_self(tx, &invited, me)
}
