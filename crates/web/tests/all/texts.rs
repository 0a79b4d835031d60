//! Profile → Texts, the export of all consents, and callbacks of the texts provider (N9).

use crate::support::{Answer, Firm};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::kernel::access::Actor;
use domain::kernel::limits;
use domain::notify::phone_settings;
use domain::notify::quiet_hours::{self, TextDue};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

const NUMBER: &str = "+15005550100";
const HOOK: &str = "/hooks/twilio";

/// The code that would be texted.
async fn code(firm: &Firm, who: Actor) -> String {
    let prepared =
        firm.portal.write(move |tx| phone_settings::prepare_code(tx, who.workspace, who.person)).await;
    prepared.unwrap().code
}

/// Somebody gives a number, confirms it and consents to texts.
pub(crate) async fn agreed(firm: &Firm, who: Actor) {
    firm.portal.write(move |tx| phone_settings::give(tx, &who, NUMBER)).await;
    let code = code(firm, who).await;
    firm.portal.write(move |tx| phone_settings::prove(tx, &who, &code)).await;
    let wording = firm.portal.read(move |reader| phone_settings::wording(reader, &who)).await.unwrap();
    firm.portal.write(move |tx| phone_settings::agree(tx, &who, &wording)).await;
}

async fn gets_texts(firm: &Firm, who: Actor) -> bool {
    let texting =
        firm.portal.read(move |reader| phone_settings::texting(reader, who.workspace, who.person)).await;
    matches!(quiet_hours::text_due(&texting, crate::support::MORNING), TextDue::Now(_))
}

/// The provider's signature as documented: the address, then names and values sorted by name.
fn signature(token: &str, url: &str, fields: &[(&str, &str)]) -> String {
    let mut fields = fields.to_vec();
    fields.sort_unstable();
    let signed: String = fields.iter().fold(url.to_string(), |text, (name, value)| text + name + value);
    let mut mac = Hmac::<Sha1>::new_from_slice(token.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// Somebody texts the portal's number, and the provider delivers it.
async fn writes(firm: &Firm, fields: &[(&str, &str)]) -> Answer {
    let mut provider = firm.portal.browser();
    provider.site = "none";
    provider.signature = Some(signature("12345", &format!("http://{}{HOOK}", crate::support::HOST), fields));
    provider.post(HOOK, fields).await
}

#[tokio::test]
async fn n9_a_number_is_given_proven_and_agreed_to_without_scripts() {
    let firm = Firm::new().await;
    let mut oskar = firm.browser_of(firm.oskar).await;
    oskar.get("/profile").await.shows("/profile/texts");
    oskar.get("/profile/texts").await.is(200).shows("Send me a code");
    let wrong = oskar.post("/profile/texts/number", &[("number", "0500 555")]).await;
    wrong.is(400).shows("value=\"0500 555\"");
    assert_eq!(wrong.errors(), ["Please give the number with its country code, such as +44 20 7946 0018."]);
    oskar.post("/profile/texts/number", &[("number", "+1 500 555-0100")]).await.goes("/profile/texts");
    oskar.get("/profile/texts").await.shows("Type the code").shows(NUMBER);
    let code = code(&firm, firm.oskar).await;
    let mistyped = if code == "000000" { "000001" } else { "000000" };
    let wrong = oskar.post("/profile/texts/code", &[("code", mistyped)]).await;
    wrong.is(400).shows("This code is wrong").shows(&format!("value=\"{mistyped}\""));
    oskar.post("/profile/texts/code", &[("code", &code)]).await.goes("/profile/texts");
    let page = oskar.get("/profile/texts").await;
    page.shows("Say yes").shows("Yes, Harbor &#38; Lee may send text messages to +15005550100");
    oskar.post("/profile/texts/yes", &[("wording", "any")]).await.is(400);
    oskar.post("/profile/texts/yes", &[("wording", "any"), ("yes", "yes")]).await.is(409);
    assert!(!gets_texts(&firm, firm.oskar).await);
    let who = firm.oskar;
    let wording = firm.portal.read(move |reader| phone_settings::wording(reader, &who)).await.unwrap();
    oskar
        .post("/profile/texts/yes", &[("wording", &wording), ("yes", "yes")])
        .await
        .goes("/profile/texts?done=yes");
    oskar.get("/profile/texts?done=yes").await.shows("Texts are on").shows("You will get a text");
    assert!(gets_texts(&firm, firm.oskar).await);

    oskar.post("/profile/texts/no", &[]).await.goes("/profile/texts?done=no");
    assert!(!gets_texts(&firm, firm.oskar).await);
    oskar.post("/profile/texts/forget", &[]).await.goes("/profile/texts?done=forgotten");
    oskar.get("/profile/texts").await.shows("Send me a code");
}

#[tokio::test]
async fn n9_after_too_many_wrong_codes_a_new_one_is_asked_for() {
    let firm = Firm::new().await;
    let mut oskar = firm.browser_of(firm.oskar).await;
    oskar.post("/profile/texts/number", &[("number", NUMBER)]).await.goes("/profile/texts");
    let right = code(&firm, firm.oskar).await;
    let wrong = if right == "000000" { "000001" } else { "000000" };
    for _ in 0..limits::CODE_TRIES {
        oskar.post("/profile/texts/code", &[("code", wrong)]).await.is(400);
    }
    oskar.post("/profile/texts/code", &[("code", &right)]).await.is(400).shows("A new code is needed");
    for _ in 1..phone_settings::CODES_BY_NUMBER_MAX {
        oskar.post("/profile/texts/number", &[("number", NUMBER)]).await.goes("/profile/texts");
    }
    oskar.post("/profile/texts/number", &[("number", NUMBER)]).await.is(429);
}

#[tokio::test]
async fn n9_quiet_hours_are_chosen_and_what_is_no_time_comes_back() {
    let firm = Firm::new().await;
    agreed(&firm, firm.oskar).await;
    let mut oskar = firm.browser_of(firm.oskar).await;
    let page = oskar.get("/profile/texts").await;
    page.shows("value=\"21:00\"").shows("value=\"08:00\"").shows("They hold in UTC");
    let fields = [("quiet", "yes"), ("quietFrom", "08:30"), ("quietUntil", "09:30")];
    oskar.post("/profile/texts/quiet", &fields).await.goes("/profile/texts?done=quiet");
    assert!(!gets_texts(&firm, firm.oskar).await, "it is nine");
    let fields = [("quiet", "yes"), ("quietFrom", "late"), ("quietUntil", "09:30")];
    oskar.post("/profile/texts/quiet", &fields).await.is(400).shows("value=\"late\"");
    oskar.post("/profile/texts/quiet", &[]).await.goes("/profile/texts?done=quiet");
    assert!(gets_texts(&firm, firm.oskar).await, "no quiet hours at all");
}

#[tokio::test]
async fn n9_stop_start_and_help_by_the_signed_webhook_are_obeyed() {
    let firm = Firm::new().await;
    agreed(&firm, firm.oskar).await;
    let stopped =
        writes(&firm, &[("From", NUMBER), ("To", "+15005550006"), ("Body", "Please STOP texting me")]).await;
    stopped.is(200).shows("<Response><Message>Harbor &amp; Lee: no more texts will come.");
    assert_eq!(stopped.headers["content-type"], "text/xml; charset=utf-8");
    assert!(!gets_texts(&firm, firm.oskar).await);
    firm.browser_of(firm.oskar).await.get("/profile/texts").await.shows("Texts are stopped");
    writes(&firm, &[("From", NUMBER), ("Body", "start again please")])
        .await
        .is(200)
        .shows("texts are on again");
    assert!(gets_texts(&firm, firm.oskar).await);
    let help = writes(&firm, &[("From", NUMBER), ("Body", "HELP")]).await;
    help.is(200).shows("Harbor &amp; Lee: texts about messages").shows("http://portal.example");
    let empty = "<Response></Response>";
    writes(&firm, &[("From", NUMBER), ("Body", "See you at nine")]).await.is(200).shows(empty);
    writes(&firm, &[("From", "Bank"), ("Body", "STOP")]).await.is(200).shows(empty);
    assert!(gets_texts(&firm, firm.oskar).await);
    // Keywords that the provider has handled itself are not answered again.
    let told = [("From", NUMBER), ("Body", "adios"), ("OptOutType", "STOP")];
    writes(&firm, &told).await.is(200).shows(empty);
    assert!(!gets_texts(&firm, firm.oskar).await);
}

#[tokio::test]
async fn n9_a_forged_webhook_is_refused_and_changes_nothing() {
    let firm = Firm::new().await;
    agreed(&firm, firm.oskar).await;
    let fields = [("From", NUMBER), ("Body", "STOP")];
    let url = format!("http://{}{HOOK}", crate::support::HOST);
    for signature in [
        None,
        Some(String::new()),
        Some("x".repeat(10_000)),
        Some(signature("wrong", &url, &fields)),
        Some(signature("12345", "http://elsewhere.example/hooks/twilio", &fields)),
        Some(signature("12345", &url, &[("From", NUMBER), ("Body", "HELP")])),
    ] {
        let mut provider = firm.portal.browser();
        provider.site = "none";
        provider.signature = signature;
        provider.post(HOOK, &fields).await.is(403).hides("Harbor");
        assert!(gets_texts(&firm, firm.oskar).await);
    }
    let mut provider = firm.portal.browser();
    provider.send(HOOK, "From=%FF&&&=").await.is(403);
    provider.get(HOOK).await.is(405);
}

#[tokio::test]
async fn n9_admins_export_every_answer_as_csv() {
    let firm = Firm::new().await;
    agreed(&firm, firm.oskar).await;
    firm.portal.wait(std::time::Duration::from_secs(60));
    writes(&firm, &[("From", NUMBER), ("Body", "=1+1\nplease \"stop\"")]).await.is(200);
    let csv = firm.browser_of(firm.jane).await.get("/settings/messaging/consents.csv").await;
    csv.is(200);
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
    let lines: Vec<&str> = csv.text.split("\r\n").collect();
    assert_eq!(lines.len(), 4, "{}", csv.text);
    assert_eq!(lines[0], "\u{feff}time,person,name,email,number,answer,how,wording");
    let oskar = firm.oskar.person;
    let start = format!(
        "\"2026-01-05T09:00:00.000Z\",\"{oskar}\",\"Oskar Kowalski\",\"oskar@client.example\",\"{NUMBER}\",\"yes\",\"profile\",\"Yes, Harbor & Lee may"
    );
    assert!(lines[1].starts_with(&start), "{}", lines[1]);
    assert!(
        lines[2].ends_with(&format!("\"{NUMBER}\",\"no\",\"textMessage\",\"'=1+1\nplease \"\"stop\"\"\"")),
        "{}",
        lines[2]
    );
}
