//! What the provider of texts tells us: somebody wrote STOP, START or HELP (N9). Nobody is signed in here: what counts is the
//! provider's signature, under a token that only it and we know.
//!
//! The answer is what the provider sends back to whoever wrote, as its TwiML; empty where it has answered by itself.

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

/// Characters of a brand in an answer, so that it stays one part.
const BRAND_CHARACTERS: usize = 40;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.post("/hooks/twilio", twilio)
}

/// What is asked for, and whether the provider has answered it by itself.
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
        // It came from something that is no telephone: nobody there was ever sent a text.
        Err(error::Error::Field { .. }) => Ok(twiml(None)),
        Err(error) => Err(error.into()),
    }
}

/// The address as the provider may have it: it signs the one that it was told to call, with or without the usual port.
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
    // Where the provider has understood the word itself, it says so and has answered.
    let understood = match field("OptOutType") {
        "STOP" => Some(Wish::Stop),
        "START" => Some(Wish::Start),
        "HELP" => Some(Wish::Help),
        _ => None,
    };
    let wanted = understood.or_else(|| wish(&words));
    // One word alone it answers by itself too, and lets no more texts through after a STOP.
    let is_one_word = words.split_whitespace().count() == 1;
    let is_answered = understood.is_some() || (is_one_word && wanted != Some(Wish::Help));
    Incoming { number: field("From").to_string(), words, wish: wanted, is_answered }
}

/// What is answered to whoever wrote.
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

/// The provider's language for answers.
fn twiml(message: Option<&str>) -> Response {
    let message = message.map_or(String::new(), |message| format!("<Message>{}</Message>", escaped(message)));
    let document = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>{message}</Response>");
    ([(CONTENT_TYPE, "text/xml; charset=utf-8")], document).into_response()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
