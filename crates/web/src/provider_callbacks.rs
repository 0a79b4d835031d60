//! Callbacks of the SMS provider: somebody texted STOP, START or HELP (N9). There is no session; the provider's
//! signature authenticates the call.
//!
//! The answer is TwiML that the provider texts back to the sender; empty if the provider has already answered.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, HOST, HeaderMap};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use domain::kernel::error;
use domain::notify::sms_keywords::{self, KeywordReply};
use domain::tenant::workspaces;
use outbound::mail::one_line;
use outbound::text::incoming::{Wish, wish};

use crate::app::App;
use crate::http::answers::{Answer, Result};
use crate::http::routes::Routes;

/// Limit for a brand name, so that the answer fits into one SMS segment.
const BRAND_CHARACTERS: usize = 40;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.post("/hooks/twilio", twilio)
}

struct Incoming {
    number: String,
    words: String,
    wish: Option<Wish>,
    is_answered: bool,
}

async fn twilio(State(app): State<App>, uri: Uri, headers: HeaderMap, body: Bytes) -> Result {
    let forged =
        || Answer::refused(StatusCode::FORBIDDEN, "forged", "The provider of texts has not signed this.");
    let fields: Vec<(String, String)> = serde_html_form::from_bytes(&body).map_err(|_| forged())?;
    let signature = headers.get("x-twilio-signature").and_then(|value| value.to_str().ok()).unwrap_or("");
    let is_signed =
        addresses(&app, &uri, &headers).iter().any(|url| app.web.texter.has_signed(url, &fields, signature));
    if !is_signed {
        return Err(forged());
    }
    let incoming = read(&fields);
    let Incoming { number, words, wish: Some(wish), .. } = &incoming else { return Ok(twiml(None)) };
    let (number, words, wish) = (number.clone(), words.clone(), *wish);
    let obeyed = app
        .store()
        .write(move |tx| match wish {
            Wish::Stop => sms_keywords::stop(tx, &number, &words),
            Wish::Start => sms_keywords::start(tx, &number, &words),
            Wish::Help => sms_keywords::help(tx, &number),
        })
        .await;
    match obeyed {
        Ok(told) if !incoming.is_answered => Ok(twiml(Some(&said(&app, wish, &told)))),
        Ok(_) => Ok(twiml(None)),
        // The sender is not a telephone number, so it was never sent a text.
        Err(error::Error::Field { .. }) => Ok(twiml(None)),
        Err(error) => Err(error.into()),
    }
}

/// The URLs that the provider may have signed: it signs the one it was configured with, with or without the default port.
fn addresses(app: &App, uri: &Uri, headers: &HeaderMap) -> Vec<String> {
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    let public = app.web.public_url.as_str();
    let (scheme, port) = if app.is_secure() { ("https", 443) } else { ("http", 80) };
    let mut places = vec![public.to_string()];
    if let Some(host) = headers.get(HOST).and_then(|host| host.to_str().ok()) {
        places.push(format!("{scheme}://{host}"));
    }
    let usual = format!(":{port}");
    let mut urls = Vec::new();
    for place in places {
        let bare = place.strip_suffix(&usual).unwrap_or(&place);
        urls.push(format!("{place}{path}"));
        urls.push(format!("{bare}{path}"));
        urls.push(format!("{bare}{usual}{path}"));
    }
    urls
}

fn read(fields: &[(String, String)]) -> Incoming {
    let field = |name: &str| {
        let found = fields.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    let words = field("Body").to_string();
    // Set if the provider recognized the keyword, and then it has answered.
    let understood = match field("OptOutType") {
        "STOP" => Some(Wish::Stop),
        "START" => Some(Wish::Start),
        "HELP" => Some(Wish::Help),
        _ => None,
    };
    let wanted = understood.or_else(|| wish(&words));
    // The provider also answers messages of a single word itself, and after STOP it blocks further texts.
    let is_one_word = words.split_whitespace().count() == 1;
    let is_answered = understood.is_some() || (is_one_word && wanted != Some(Wish::Help));
    Incoming { number: field("From").to_string(), words, wish: wanted, is_answered }
}

fn said(app: &App, wish: Wish, told: &KeywordReply) -> String {
    let brand: String = one_line(&told.brand_name).chars().take(BRAND_CHARACTERS).collect();
    match wish {
        Wish::Stop => format!("{brand}: no more texts will come. Answer START to get them again."),
        Wish::Start => format!("{brand}: texts are on again. Answer STOP to end them, HELP for help."),
        Wish::Help => format!(
            "{brand}: texts about messages that you missed. Answer STOP to end them. Help: {}",
            workspaces::address(&app.web.public_url, told.host.as_deref())
        ),
    }
}

/// TwiML is the provider's answer format.
fn twiml(message: Option<&str>) -> Response {
    let message = message.map_or(String::new(), |message| format!("<Message>{}</Message>", escaped(message)));
    let document = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>{message}</Response>");
    ([(CONTENT_TYPE, "text/xml; charset=utf-8")], document).into_response()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
