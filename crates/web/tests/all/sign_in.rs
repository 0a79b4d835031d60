//! Signing in with a browser: addresses, codes, links, set-up (S1, S3, S4).

use std::time::Duration;

use crate::support::{Answer, Browser, Firm};
use domain::administration::deactivation;
use domain::identity::sign_in_links::LinkKind;
use domain::identity::{sessions, sign_in_requests};
use domain::kernel::ids::SignInId;

/// Requests a mail and opens the code's page.
async fn ask(browser: &mut Browser<'_>, email: &str) -> (SignInId, Answer) {
    let asked = browser.post("/sign-in", &[("email", email)]).await;
    asked.is(303);
    let page = browser.follow(&asked).await;
    (sign_in_of(&page), page)
}

/// The id of the sign-in request that a code's page is for.
fn sign_in_of(page: &Answer) -> SignInId {
    let (_, rest) = page.is(200).text.split_once("name=\"sign_in\" value=\"").unwrap();
    rest.split_once('"').unwrap().0.parse().unwrap()
}

#[tokio::test]
async fn s1_the_mailed_code_signs_in_once() {
    let firm = Firm::new().await;
    let mut phone = firm.portal.browser();
    let (sign_in, _) = ask(&mut phone, " Oskar@Client.example ").await;
    let code = firm.portal.mail(firm.workspace, sign_in).await.unwrap().code;
    let id = sign_in.to_string();
    let typed = [("sign_in", id.as_str()), ("email", "oskar@client.example"), ("code", code.as_str())];

    assert!(!phone.is_signed_in().await);
    phone.post("/sign-in/code", &typed).await.goes("/messages");
    assert!(phone.is_signed_in().await);
    phone.get("/profile").await.shows("Oskar").shows("This device");

    let mut other = firm.portal.browser();
    other.post("/sign-in/code", &typed).await.is(400).shows("no longer valid").shows("oskar@client.example");
    assert!(!other.is_signed_in().await);
}

#[tokio::test]
async fn s1_a_wrong_code_can_be_mended_five_times_and_then_a_new_one_is_offered() {
    let firm = Firm::new().await;
    let mut phone = firm.portal.browser();
    let (sign_in, _) = ask(&mut phone, "oskar@client.example").await;
    let right = firm.portal.mail(firm.workspace, sign_in).await.unwrap().code;
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let id = sign_in.to_string();
    let fields = |code| {
        [("sign_in", id.as_str()), ("email", "oskar@client.example"), ("back", "/profile"), ("code", code)]
    };

    for _ in 0..4 {
        let answer = phone.post("/sign-in/code", &fields(wrong)).await;
        assert_eq!(answer.is(400).errors(), ["This code is wrong or no longer valid."]);
        answer.shows(&format!("value=\"{wrong}\"")).shows("value=\"/profile\"");
    }
    phone.post("/sign-in/code", &fields(wrong)).await.is(400).shows("A new code is needed");
    phone.post("/sign-in/code", &fields(&right)).await.is(400).shows("A new code is needed");
    assert!(!phone.is_signed_in().await);
}

#[tokio::test]
async fn s1_a_code_is_good_for_fifteen_minutes() {
    let firm = Firm::new().await;
    let mut phone = firm.portal.browser();
    let (sign_in, _) = ask(&mut phone, "oskar@client.example").await;
    let code = firm.portal.mail(firm.workspace, sign_in).await.unwrap().code;
    firm.portal.wait(Duration::from_secs(15 * 60));
    let id = sign_in.to_string();
    let late = phone
        .post(
            "/sign-in/code",
            &[("sign_in", id.as_str()), ("email", "oskar@client.example"), ("code", &code)],
        )
        .await;
    late.is(400).shows("A new code is needed").shows("Send me a new one");
}

#[tokio::test]
async fn s3_the_page_is_the_same_for_known_unknown_and_deactivated_addresses() {
    let firm = Firm::new().await;
    let (jane, maria) = (firm.jane, firm.maria.person);
    firm.portal.write(move |tx| deactivation::deactivate(tx, &jane, maria)).await;
    let mut pages = Vec::new();
    for email in ["oskar@client.example", "emily@client.example", "maria@client.example"] {
        let mut browser = firm.portal.browser();
        let (sign_in, page) = ask(&mut browser, email).await;
        let id = sign_in.to_string();
        let fields = [("sign_in", id.as_str()), ("email", email), ("code", "123456")];
        let refused = browser.post("/sign-in/code", &fields).await;
        let name = email.split_once('@').unwrap().0;
        let same = |page: &Answer| page.text.replace(&id, "ID").replace(name, "NAME");
        assert!(page.text.contains(&format!("If we know <b>{email}</b>, a mail is on its way.")));
        pages.push((page.status, same(&page), page.headers.clone(), refused.status, same(&refused)));
    }
    assert_eq!(pages[0], pages[1]);
    assert_eq!(pages[0], pages[2]);
}

#[tokio::test]
async fn s3_tries_are_limited_for_known_and_unknown_addresses_alike() {
    let firm = Firm::new().await;
    for email in ["oskar@client.example", "nobody@client.example"] {
        let mut browser = firm.portal.browser();
        for _ in 0..sign_in_requests::ASKED_BY_ADDRESS_MAX {
            browser.post("/sign-in", &[("email", email)]).await.is(303);
        }
        let refused = browser.post("/sign-in", &[("email", email)]).await;
        refused.is(429).shows("Please wait a little");
        assert_eq!(refused.headers["retry-after"], "900");
    }
}

#[tokio::test]
async fn s1_looking_at_a_link_does_not_use_it_up() {
    let firm = Firm::new().await;
    let (used, accepted) = ("This link has been used", "This invitation has been accepted");
    let kinds = [(LinkKind::Mail, used), (LinkKind::Command, used), (LinkKind::Invitation, accepted)];
    for (kind, words) in kinds {
        let link = firm.portal.link(firm.workspace, firm.oskar.person, kind).await;
        let mut scanner = firm.portal.browser();
        for _ in 0..3 {
            scanner.get(&link).await.is(200).shows("Oskar Kowalski").shows("Harbor &#38; Lee");
            assert!(scanner.head(&link).await.is(200).text.is_empty());
        }
        assert_eq!(scanner.cookie, None);
        assert!(!scanner.is_signed_in().await);

        let mut phone = firm.portal.browser();
        phone.post(&link, &[]).await.goes("/messages");
        assert!(phone.is_signed_in().await);
        scanner.get(&link).await.is(410).shows(words).shows("href=\"/sign-in\"");
        scanner.post(&link, &[]).await.is(410);
        assert!(!scanner.is_signed_in().await);
        phone.get(&link).await.is(410).shows("You are signed in on this device already.");
    }
}

#[tokio::test]
async fn s1_a_mailed_link_and_its_code_are_used_up_together() {
    let firm = Firm::new().await;
    let mut phone = firm.portal.browser();
    let (sign_in, _) = ask(&mut phone, "oskar@client.example").await;
    let mail = firm.portal.mail(firm.workspace, sign_in).await.unwrap();
    let link = format!("/sign-in/link/{}", mail.link_secret.reveal());
    firm.portal.browser().post(&link, &[]).await.goes("/messages");
    let id = sign_in.to_string();
    let fields = [("sign_in", id.as_str()), ("email", "oskar@client.example"), ("code", &mail.code)];
    phone.post("/sign-in/code", &fields).await.is(400).shows("A new code is needed");
}

#[tokio::test]
async fn s1_expired_and_unknown_links_say_so_and_lead_to_signing_in() {
    let firm = Firm::new().await;
    let link = firm.portal.link(firm.workspace, firm.oskar.person, LinkKind::Invitation).await;
    let foreign = firm.portal.link(firm.stranger.workspace, firm.stranger.person, LinkKind::Command).await;
    let mut browser = firm.portal.browser();
    for path in [foreign.as_str(), "/sign-in/link/abc", "/sign-in/link/%F0%9F%98%80", "/sign-in/link/%00"] {
        for answer in [browser.get(path).await, browser.post(path, &[]).await] {
            answer.is(404).shows("This link is not known here").shows("href=\"/sign-in\"");
        }
    }
    firm.portal.wait(Duration::from_secs(7 * 24 * 3600 + 1));
    browser.get(&link).await.is(410).shows("This invitation has expired");
    browser.post(&link, &[]).await.is(410).shows("This invitation has expired");
    assert_eq!(browser.cookie, None);
}

#[tokio::test]
async fn s1_signing_in_where_somebody_else_is_says_so_and_replaces_them() {
    let firm = Firm::new().await;
    let mut tablet = firm.browser_of(firm.tom).await;
    let toms = tablet.cookie.clone();
    let link = firm.portal.link(firm.workspace, firm.oskar.person, LinkKind::Command).await;
    tablet.get(&link).await.is(200).shows("On this device <b>Tom Harbor</b> is signed in.");
    tablet.post(&link, &[]).await.goes("/messages");
    tablet.get("/profile").await.shows("oskar@client.example");
    tablet.cookie = toms;
    assert!(!tablet.is_signed_in().await);
    let tom = firm.tom;
    assert!(firm.portal.read(move |reader| sessions::list(reader, &tom)).await.is_empty());
}

#[tokio::test]
async fn s1_one_is_brought_back_to_where_one_wanted_and_never_to_another_site() {
    let firm = Firm::new().await;
    let mut browser = firm.portal.browser();
    let wanted = browser.get("/clients?find=a%20b").await;
    wanted.goes("/sign-in?back=/clients%3Ffind%3Da%2520b");
    browser.follow(&wanted).await.is(200).shows("value=\"/clients?find=a%20b\"");

    for (back, to) in [
        ("/clients?find=a%20b", "/clients?find=a%20b"),
        ("/profile", "/profile"),
        ("", "/messages"),
        ("//evil.example", "/messages"),
        ("///evil.example", "/messages"),
        ("/\\evil.example", "/messages"),
        ("/\t/evil.example", "/messages"),
        ("https://evil.example/", "/messages"),
        ("javascript:alert(1)", "/messages"),
        ("evil.example", "/messages"),
        ("/a\r\nX-Evil: 1", "/messages"),
        ("/\u{202e}", "/messages"),
    ] {
        let link = firm.portal.link(firm.workspace, firm.tom.person, LinkKind::Command).await;
        let mut browser = firm.portal.browser();
        browser.post(&link, &[("back", back)]).await.goes(to);
        // Somebody already signed in does not see the form.
        let asked = serde_html_form::to_string([("back", back)]).unwrap();
        browser.get(&format!("/sign-in?{asked}")).await.goes(to);

        let mut browser = firm.portal.browser();
        let asked = browser.post("/sign-in", &[("email", "tom@firm.example"), ("back", back)]).await;
        let sign_in = sign_in_of(&browser.follow(&asked).await);
        let code = firm.portal.mail(firm.workspace, sign_in).await.unwrap().code;
        let id = sign_in.to_string();
        let fields =
            [("sign_in", id.as_str()), ("email", "tom@firm.example"), ("code", &code), ("back", back)];
        browser.post("/sign-in/code", &fields).await.goes(to);
        firm.portal.wait(Duration::from_secs(15 * 60));
    }
}

#[tokio::test]
async fn s1_what_is_no_address_and_no_code_comes_back_with_a_word_at_the_field() {
    let firm = Firm::new().await;
    let mut browser = firm.portal.browser();
    let long = format!("{}@client.example", "a".repeat(300));
    for email in [
        "",
        " ",
        "jane",
        "a@b",
        "a b@c.de",
        "a\u{0}@b.de",
        "a@b.de\r\nBcc: c@d.de",
        "\u{202e}@b.de",
        "😀@b.de",
        &long,
    ] {
        let answer = browser.post("/sign-in", &[("email", email), ("back", "/clients")]).await;
        assert_eq!(answer.is(400).errors().len(), 1, "{email:?}");
        answer.shows("value=\"/clients\"");
    }
    browser.post("/sign-in", &[("email", "\"><script>")]).await.is(400).hides("<script>");

    let (sign_in, _) = ask(&mut browser, "oskar@client.example").await;
    let id = sign_in.to_string();
    for code in
        ["", "12345", "1234567", "abcdef", "１２３４５６", "12345\u{0}", "😀😀😀😀😀😀", &"1".repeat(100_000)]
    {
        let fields = [("sign_in", id.as_str()), ("email", "oskar@client.example"), ("code", code)];
        assert_eq!(browser.post("/sign-in/code", &fields).await.is(400).errors().len(), 1, "{code:.20}");
    }
    for broken in ["email=%FF", "email=%ED%A0%80", "email=%C3%28"] {
        browser.send("/sign-in", broken).await.is(400);
    }
    browser.send("/sign-in", &format!("email={}", "a".repeat(3_000_000))).await.is(413);
    browser.send("/sign-in/code", "sign_in=abc&code=123456").await.is(400);
    browser.send("/sign-in/code", "code=123456").await.goes("/sign-in");
    for path in ["/sign-in/code", "/sign-in/code?sign_in=&email=a@b.de"] {
        browser.get(path).await.goes("/sign-in");
    }
    let text = format!("/sign-in/code?sign_in={id}&email=call+us+at+once");
    browser.get(&text).await.goes("/sign-in");
}

#[tokio::test]
async fn s1_a_form_of_another_site_signs_nobody_in_or_out() {
    let firm = Firm::new().await;
    let link = firm.portal.link(firm.workspace, firm.tom.person, LinkKind::Command).await;
    let mut browser = firm.portal.browser();
    for site in ["cross-site", "same-site", "none"] {
        browser.site = site;
        for path in [link.as_str(), "/sign-in", "/sign-in/code", "/sign-out"] {
            browser.post(path, &[("email", "tom@firm.example")]).await.is(403);
        }
    }
    assert_eq!(browser.cookie, None);
    browser.site = "same-origin";
    browser.post(&link, &[]).await.goes("/messages");
}
