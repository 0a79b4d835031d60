//! Sessions in a browser (S1), and the very first one (S4).

use std::time::Duration;

use crate::support::{Firm, Portal};
use domain::administration::set_up;

#[tokio::test]
async fn s1_signing_out_ends_the_session() {
    let firm = Firm::new().await;
    let mut phone = firm.browser_of(firm.oskar).await;
    let kept = phone.cookie.clone();
    phone.get("/sign-out").await.is(405);
    assert!(phone.is_signed_in().await);
    phone.post("/sign-out", &[]).await.goes("/sign-in");
    assert_eq!(phone.cookie, None);
    phone.cookie = kept;
    assert!(!phone.is_signed_in().await);
    phone.post("/sign-out", &[]).await.goes("/sign-in");
}

#[tokio::test]
async fn s1_a_session_lasts_ninety_days_of_use() {
    let firm = Firm::new().await;
    let mut phone = firm.browser_of(firm.oskar).await;
    for _ in 0..3 {
        firm.portal.wait(Duration::from_secs(89 * 24 * 3600));
        assert!(phone.is_signed_in().await);
    }
    firm.portal.wait(Duration::from_secs(90 * 24 * 3600));
    assert!(!phone.is_signed_in().await);
}

#[tokio::test]
async fn s4_an_empty_portal_is_set_up_by_its_link_once() {
    let portal = Portal::empty();
    let mut browser = portal.browser();
    for path in ["/", "/sign-in"] {
        browser.get(path).await.is(200).shows("This portal is not set up yet");
    }
    browser.get("/messages").await.goes("/sign-in?back=/messages");
    let secret = portal.write(set_up::set_up_link).await.unwrap();
    let link = format!("/set-up/{}", secret.reveal());
    let good = [
        ("brandName", "Harbor & Lee"),
        ("givenName", "Jane"),
        ("familyName", "Lee"),
        ("email", "jane@firm.example"),
    ];

    browser.get("/set-up/abc").await.is(404);
    browser.post("/set-up/abc", &good).await.is(404);
    browser.get(&link).await.is(200).shows("Set up your portal");
    for (field, bad) in [
        ("brandName", ""),
        ("brandName", "\u{202e}"),
        ("brandName", "a\u{1}b"),
        ("givenName", ""),
        ("email", "jane"),
    ] {
        let fields: Vec<(&str, &str)> = good
            .iter()
            .filter(|(name, _)| *name != "familyName")
            .map(|(name, value)| (*name, if *name == field { bad } else { value }))
            .collect();
        let answer = browser.post(&link, &fields).await;
        assert_eq!(answer.is(400).errors().len(), 1, "{field} {bad:?}");
    }
    browser.post(&link, &good).await.goes("/set-up");
    browser.get("/set-up").await.is(200).shows("Add your first client").shows("Harbor &#38; Lee");
    browser.get("/settings/team").await.is(200).shows("Jane Lee").shows("Active").hides("Not invited");
    browser.get("/").await.goes("/messages");

    let mut late = portal.browser();
    late.get(&link).await.goes("/sign-in");
    late.post(&link, &good).await.goes("/sign-in");
    assert_eq!(late.cookie, None);
    late.get("/").await.goes("/sign-in");
}
