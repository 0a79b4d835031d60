//! A firm's brand on its pages (B1): a change shows on the next page, before and after signing in, and on no page of
//! another firm.

use crate::support::{Answer, Browser, Firm};
use axum::http::Method;
use serde_json::Value;

async fn uploads(browser: &mut Browser<'_>, place: &str, file: &[u8]) -> Answer {
    browser.sends_form(&format!("/settings/brand/{place}"), &[], &[("picture", "a.png", file)]).await
}

/// The text between the first occurrences of two others.
fn between<'a>(page: &'a str, begin: &str, end: &str) -> &'a str {
    let found = page.split_once(begin).and_then(|(_, rest)| rest.split_once(end));
    found.unwrap_or_else(|| panic!("{begin} is not there")).0
}

async fn style(browser: &mut Browser<'_>, path: &str) -> (String, Answer) {
    let page = browser.get(path).await;
    let address = between(&page.text, "rel=\"stylesheet\" href=\"", "\"").to_string();
    let style = browser.get(&address).await;
    style.is(200);
    (address, style)
}

#[tokio::test]
async fn b1_colours_are_a_style_of_their_own_address_on_every_page() {
    let firm = Firm::new().await;
    let mut jane = firm.browser_of(firm.jane).await;
    let (before, plain) = style(&mut jane, "/messages").await;
    plain.hides("--side:#");
    let saved = jane.post("/settings/brand", &[("colorAccent", "#ffd400")]).await;
    assert!(saved.to().starts_with("/settings/brand?done=saved&undo=colorAccent"), "{}", saved.to());
    jane.post("/settings/brand", &[("colorSidebarBackground", "#12324a"), ("colorSidebarText", "")])
        .await
        .is(303);
    let reply = firm.reply_link(firm.oskar, firm.channel, 0, 1).await;
    let mut oskar = firm.browser_of(firm.oskar).await;
    let (address, style_now) = style(&mut jane, "/messages").await;
    assert_ne!(address, before);
    style_now.shows("--side:#12324a").shows("--accent:light-dark(#").hides("--accent:light-dark(#ffd400");
    assert_eq!(style_now.headers["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(style_now.headers["x-content-type-options"], "nosniff");
    let mut nobody = firm.portal.browser();
    for (browser, path) in
        [(&mut oskar, "/messages"), (&mut nobody, "/sign-in"), (&mut firm.portal.browser(), reply.as_str())]
    {
        assert_eq!(style(browser, path).await.0, address, "{path}");
    }
    // Error pages have the firm's brand too, never another firm's.
    nobody.get("/nowhere").await.is(404).shows(&address);
    let mut stranger = firm.browser_of(firm.stranger).await;
    assert_eq!(style(&mut stranger, "/messages").await.0, before);
    // An outdated address, from a page still open, gets the newest style, which must not be cached under it.
    let old = nobody.get("/brand/0123456789abcdef/portal.css").await;
    old.is(200).shows("--side:#12324a");
    assert_eq!(old.headers["cache-control"], "no-cache");
    jane.get("/settings/brand").await.shows("White words on #ffd400 could not be read");
}

#[tokio::test]
async fn b1_what_cannot_be_read_or_is_no_colour_is_told_at_its_field_and_changes_nothing() {
    let firm = Firm::new().await;
    let mut jane = firm.browser_of(firm.jane).await;
    for (fields, words) in [
        (
            &[("colorSidebarBackground", "#ffffff"), ("colorSidebarText", "#eeeeee")][..],
            "could not be read on that one",
        ),
        (&[("colorAccent", "red")], "Please give a colour such as"),
        (&[("colorAccent", "#12345")], "Please give a colour such as"),
        (&[("brandName", " ")], "Please fill this in."),
        (&[("brandName", "Other"), ("host", "https://x.example/")], "Please give a host name alone"),
        (&[("host", "another.example")], "This is already in use."),
    ] {
        let answer = jane.post("/settings/brand", fields).await;
        answer.is(400);
        assert_eq!(answer.errors().len(), 1, "{:?}", answer.errors());
        assert!(answer.errors()[0].contains(words), "{:?}", answer.errors());
    }
    let long = "a".repeat(50_000);
    jane.post("/settings/brand", &[("brandName", long.as_str())])
        .await
        .is(400)
        .shows("at most 200 characters");
    jane.get("/messages").await.shows("Harbor &#38; Lee").hides("/brand/0/portal.css");
    let mut page = jane.clone();
    page.accept = "application/json";
    page.post("/settings/brand", &[("colorAccent", "red")]).await.is(400).shows("\"field\":\"colorAccent\"");
}

#[tokio::test]
async fn b1_what_was_saved_can_be_undone() {
    let firm = Firm::new().await;
    let mut jane = firm.browser_of(firm.jane).await;
    jane.post("/settings/brand", &[("colorAccent", "#0b7a5c")]).await.is(303);
    let saved =
        jane.post("/settings/brand", &[("brandName", "Lee & Partners"), ("colorAccent", "#aa0000")]).await;
    let page = jane.follow(&saved).await;
    page.shows("Undo").shows("name=\"brandName\" value=\"Harbor &#38; Lee\"");
    jane.post("/settings/brand", &[("brandName", "Harbor & Lee"), ("colorAccent", "#0b7a5c")]).await.is(303);
    jane.get("/settings/brand").await.shows("value=\"#0b7a5c\"").hides("Partners");
}

#[tokio::test]
async fn b2_pictures_stand_on_the_next_page_in_the_manifest_and_for_programs() {
    let firm = Firm::new().await;
    let mut jane = firm.browser_of(firm.jane).await;
    let mut nobody = firm.portal.browser();
    for place in ["logo", "icon", "cover"] {
        uploads(&mut jane, place, &firm.picture()).await.goes("/settings/brand?done=saved");
    }
    let page = nobody.get("/sign-in").await;
    page.shows("alt=\"Harbor &#38; Lee\"").shows("class=\"cover\"").shows("apple-touch-icon");
    let logo = between(&page.text, "<img class=\"logo\" src=\"", "\"").to_string();
    for (address, kind) in [
        (logo.clone(), "image/png"),
        (between(&page.text, "class=\"cover\" src=\"", "\"").to_string(), "image/jpeg"),
    ] {
        let (status, headers, _) = nobody.open(Method::GET, &address, None).await;
        assert_eq!((status.as_u16(), headers["content-type"].to_str().unwrap()), (200, kind));
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["cache-control"], "public, max-age=31536000, immutable");
        assert!(headers["content-security-policy"].to_str().unwrap().starts_with("sandbox"));
    }
    jane.get("/messages").await.shows(&logo);
    let manifest: Value = serde_json::from_str(&nobody.get("/manifest.webmanifest").await.text).unwrap();
    assert_eq!(manifest["name"], "Harbor & Lee");
    assert_eq!(manifest["display"], "standalone");
    let icons = manifest["icons"].as_array().unwrap();
    assert_eq!(icons.len(), 3);
    for icon in icons {
        let (status, ..) = nobody.open(Method::GET, icon["src"].as_str().unwrap(), None).await;
        assert_eq!(status.as_u16(), 200, "{icon}");
    }
    let workspace = firm.portal.program_of(firm.jane).await.get("/v1/workspaces").await;
    assert!(workspace.text_at("/fullLogoUrl").ends_with(&logo));
    assert!(workspace.text_at("/squareIconUrl").ends_with("/icon-512.png"));
    // Another firm is unaffected.
    let mut stranger = firm.browser_of(firm.stranger).await;
    stranger.get(&logo).await.is(404);
    stranger.get("/messages").await.hides("class=\"logo\"");
    let manifest = stranger.get("/manifest.webmanifest").await;
    manifest.shows("Another firm").shows("icon.svg").hides("icon-512");
    jane.post("/settings/brand/logo/remove", &[]).await.is(303);
    nobody.get(&logo).await.is(404);
    nobody.get("/sign-in").await.hides("class=\"logo\"").shows("Harbor &#38; Lee");
}

#[tokio::test]
async fn b2_what_is_no_picture_is_told_at_its_field_and_changes_nothing() {
    let firm = Firm::new().await;
    let mut jane = firm.browser_of(firm.jane).await;
    uploads(&mut jane, "logo", &firm.picture()).await.is(303);
    let before =
        between(&jane.get("/sign-in/link/none").await.text, "<img class=\"logo\" src=\"", "\"").to_string();
    let mut huge = firm.picture();
    huge[16..20].copy_from_slice(&10_000_u32.to_be_bytes());
    huge[20..24].copy_from_slice(&10_000_u32.to_be_bytes());
    let mut check = flate2::Crc::new();
    check.update(&huge[12..29]);
    huge[29..33].copy_from_slice(&check.sum().to_be_bytes());
    let cut = &firm.picture()[..40];
    for (file, words) in [
        (&b"GIF89a<script>alert(1)</script>"[..], "This picture is too large."),
        (b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>", "This is no picture."),
        (b"%PDF-1.7", "This is no picture."),
        (cut, "This is no picture."),
        (b"", "Please fill this in."),
        (&huge, "This picture is too large. Please choose one of at most 8000 points a side"),
        (&vec![b'x'; 11_000_000], "Please choose a file of at most 10 MB."),
    ] {
        let answer = uploads(&mut jane, "logo", file).await;
        answer.is(400);
        assert!(answer.errors().concat().starts_with(words), "{:?}", answer.errors());
    }
    jane.post("/settings/brand/logo", &[("picture", "x")]).await.is(400);
    uploads(&mut jane, "banner", &firm.picture()).await.is(404);
    jane.get("/messages").await.shows(&before);
}

#[tokio::test]
async fn b3_a_new_host_name_is_where_links_lead_and_the_old_one_is_answered() {
    let firm = Firm::new().await;
    let mut jane = firm.browser_of(firm.jane).await;
    let old = jane.host.clone();
    jane.post("/settings/brand", &[("host", "Portal.Firm.example")]).await.is(303);
    jane.get("/settings/brand").await.shows("http://portal.firm.example").shows(&old);
    jane.host = "portal.firm.example".to_string();
    jane.get("/messages").await.is(200);
    let mut other = firm.portal.browser();
    other.host = "else.example".to_string();
    other.get("/sign-in").await.is(404);
    let known = firm.portal.program_of(firm.jane).await.get("/v1/workspaces").await;
    assert_eq!(known.text_at("/portalUrl"), "http://portal.firm.example");
}
