//! Signing up in a browser (S14, S3), and what internal users do with pending sign-ups.

use crate::support::{Answer, Browser, Firm};
use domain::identity::sign_in_requests;
use domain::kernel::ids::SignInId;

/// Turns signing up on or off.
async fn lets(firm: &Firm, value: &str) {
    let mut jane = firm.browser_of(firm.jane).await;
    let saved = jane.post("/settings/joining", &[("switch", "signUp"), ("signUp", value)]).await;
    jane.follow(&saved).await.shows("Saved.");
}

/// Signs up and opens the code's page.
async fn signs_up(browser: &mut Browser<'_>, fields: &[(&str, &str)]) -> (SignInId, Answer) {
    let asked = browser.post("/sign-up", fields).await;
    asked.is(303);
    let page = browser.follow(&asked).await;
    let (_, rest) = page.is(200).text.split_once("name=\"sign_in\" value=\"").unwrap();
    (rest.split_once('"').unwrap().0.parse().unwrap(), page)
}

const RUI: [(&str, &str); 3] =
    [("givenName", "Rui"), ("email", "rui@client.example"), ("company", "Northwind Bakery")];

#[tokio::test]
async fn s14_signing_up_is_offered_where_the_firm_lets_people_and_is_not_there_elsewhere() {
    let firm = Firm::new().await;
    let mut guest = firm.portal.browser();
    let nothing = guest.get("/no-such-page").await;
    guest.get("/sign-in").await.is(200).hides("/sign-up");
    assert_eq!(guest.get("/sign-up").await.text, nothing.text);
    guest.post("/sign-up", &RUI).await.is(404);
    let program = firm.portal.program_of(firm.jane).await;
    let enabled =
        || async { program.get("/v1/workspaces").await.json["isClientDirectSignUpEnabled"].clone() };
    assert_eq!(enabled().await, false);

    lets(&firm, "on").await;
    assert_eq!(enabled().await, true);
    guest.get("/sign-in").await.shows("href=\"/sign-up\"");
    guest
        .get("/sign-up")
        .await
        .is(200)
        .shows("Harbor &#38; Lee")
        .shows("autocomplete=\"organization\"")
        .hides("<script");
    firm.browser_of(firm.oskar).await.get("/sign-up").await.goes("/messages");
    let mut other = firm.portal.browser();
    other.host = "another.example".to_string();
    other.get("/sign-up").await.is(404);

    lets(&firm, "off").await;
    guest.get("/sign-up").await.is(404);
    firm.browser_of(firm.jane).await.get("/settings/records").await.shows("people may sign up");
}

#[tokio::test]
async fn s14_a_sign_up_goes_on_with_the_code_and_ends_in_the_conversation() {
    let firm = Firm::new().await;
    lets(&firm, "on").await;
    let mut phone = firm.portal.browser();
    let wrong =
        phone.post("/sign-up", &[("givenName", "Rui <b>"), ("email", "rui@"), ("company", "Acme")]).await;
    wrong.is(400).shows("Rui &#60;b&#62;").shows("value=\"Acme\"").shows("such as jane@example.com");
    let (sign_in, page) = signs_up(&mut phone, &RUI).await;
    page.shows("A mail to <b>rui@client.example</b> is on its way.").hides("Rui</");
    firm.browser_of(firm.jane).await.get("/clients").await.hides("rui@client.example");
    let code = firm.portal.mail(firm.workspace, sign_in).await.unwrap().code;
    let (id, sign_up) = (sign_in.to_string(), "/sign-up?givenName=Rui&email=rui%40client.example");
    let mut typed =
        vec![("sign_in", id.as_str()), ("email", RUI[1].1), ("sign_up", sign_up), ("code", "000000")];
    if code == "000000" {
        typed[3].1 = "000001";
    }
    phone.post("/sign-in/code", &typed).await.is(400).shows("This code is wrong").shows("A mail to");
    typed[3].1 = &code;
    phone.post("/sign-in/code", &typed).await.goes("/messages");
    phone.get("/messages").await.is(200).shows("Rui").hides("Northwind");
    // The code is used up: the page leads back to the form with what was typed in it.
    let over = phone.post("/sign-in/code", &typed).await;
    over.is(400).shows("href=\"/sign-up?givenName=Rui&#38;email=rui%40client.example\"");
    typed[2].1 = "javascript:alert(1)";
    phone.post("/sign-in/code", &typed).await.is(400).hides("javascript");
}

#[tokio::test]
async fn s14_the_firm_puts_who_signed_up_into_a_company_with_one_tap() {
    let firm = Firm::new().await;
    let (rui, sam) = (firm.signs_up("Rui", "").await, firm.signs_up("Sam", "<i>Sam & Co").await);
    let (mut jane, page) = (firm.browser_of(firm.jane).await, format!("/clients/{rui}"));
    jane.get("/clients").await.shows("Signed up by themselves").shows("&#60;i&#62;Sam &#38; Co, so they say");
    firm.browser_of(firm.priya).await.get("/clients").await.hides("Signed up by themselves");
    let offered = jane.get(&page).await;
    offered.shows("Where does Rui work?").shows("Put into Northwind Bakery").shows("Put into Santos Imports");
    jane.get("/settings/records").await.shows("signed up");
    let northwind = firm.northwind.to_string();
    jane.post(&format!("{page}/belonging"), &[("company", &northwind)])
        .await
        .goes(&format!("{page}?done=saved"));
    jane.get(&page).await.hides("Where does Rui work?").shows("Northwind Bakery");
    jane.post(&format!("{page}/belonging"), &[("company", &northwind)])
        .await
        .is(409)
        .shows("decided this already");

    let page = format!("/clients/{sam}");
    jane.get(&page).await.shows("&#60;i&#62;Sam &#38; Co").shows("Make it, and put them there");
    jane.post(&format!("{page}/belonging"), &[("company", "")]).await.is(303);
    jane.get("/companies").await.shows("&#60;i&#62;Sam &#38; Co");
    let tim = firm.signs_up("Tim", "").await;
    jane.post(&format!("/clients/{tim}/belonging/dismiss"), &[]).await.is(303);
    jane.get(&format!("/clients/{tim}")).await.hides("Where does Tim work?");
    jane.get("/clients").await.hides("Signed up by themselves");
}

#[tokio::test]
async fn s3_signing_up_tells_nobody_whether_an_address_is_known() {
    let firm = Firm::new().await;
    lets(&firm, "on").await;
    let mut pages = Vec::new();
    for email in ["oskar@client.example", "xskar@client.example", "maria@client.example"] {
        let mut browser = firm.portal.browser();
        let fields = [("givenName", "Anna"), ("email", email), ("company", "Northwind Bakery")];
        let (sign_in, page) = signs_up(&mut browser, &fields).await;
        let (id, name) = (sign_in.to_string(), email.split_once('@').unwrap().0);
        let same = |page: &Answer| page.text.replace(&id, "ID").replace(name, "NAME");
        let again =
            browser.post("/sign-in/code", &[("sign_in", &id), ("email", email), ("code", "12")]).await;
        pages.push((page.status, same(&page), page.headers.clone(), again.status, same(&again)));
        // At the rate limit both are alike too, and what was typed is kept.
        for _ in 1..sign_in_requests::ASKED_BY_ADDRESS_MAX {
            browser.post("/sign-up", &fields).await.is(303);
        }
        let refused = browser.post("/sign-up", &fields).await;
        refused.is(429).shows("There were too many tries.").shows("value=\"Northwind Bakery\"");
        assert_eq!(refused.headers["retry-after"], "900");
    }
    assert_eq!(pages[0], pages[1]);
    assert_eq!(pages[0], pages[2]);
}

#[tokio::test]
async fn s14_what_a_machine_fills_in_is_answered_like_everything_else() {
    let firm = Firm::new().await;
    lets(&firm, "on").await;
    let mut machine = firm.portal.browser();
    let fields = [RUI[0], RUI[1], ("confirmReference", "https://spam.example")];
    let (sign_in, _) = signs_up(&mut machine, &fields).await;
    assert!(firm.portal.mail(firm.workspace, sign_in).await.is_none());
}
