//! Settings → API: keys are created, shown once, listed with their last use, and revoked (D1, D2).

use crate::support::Firm;
use domain::tenant::api_keys;
use store::Reader;

const LIST: &str = "/settings/api";
const NEW: &str = "/settings/api/keys/new";

#[tokio::test]
async fn d1_a_key_is_shown_once_and_works_until_it_is_revoked() {
    let firm = Firm::new().await;
    let mut jane = firm.browser_of(firm.jane).await;
    jane.get(LIST).await.is(200).shows("No program has a key yet").shows("/settings/api/webhooks");
    jane.get(NEW).await.is(200);
    let made = jane.post(NEW, &[("name", "Accounting & <b>")]).await;
    let secret = made.is(200).text.split("id=\"secret\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(secret.len() >= 40, "{secret}");
    assert_eq!(made.headers["cache-control"], "no-store");
    let list = jane.get(LIST).await;
    list.is(200)
        .shows("Accounting &#38; &#60;b&#62;")
        .shows("Not used yet")
        .hides(secret)
        .hides(&secret[..20]);

    let program = firm.portal.nobody().keyed(secret.to_string());
    program.get("/v1/workspaces").await.is(200);
    jane.get(LIST).await.is(200).shows("Last used").hides("Not used yet");

    let owner = firm.jane;
    let id = firm.portal.read(move |reader: &Reader| api_keys::list(reader, &owner)).await.remove(0).id;
    let revoked = jane.post(&format!("{LIST}/keys/{id}/revoke"), &[]).await;
    revoked.goes("/settings/api?done=revoked");
    jane.follow(&revoked).await.is(200).shows("good for nothing").hides("Accounting");
    program.get("/v1/workspaces").await.refuses(401, "");
    jane.post(&format!("{LIST}/keys/{id}/revoke"), &[]).await.is(404);
}

#[tokio::test]
async fn d1_a_key_needs_a_name_that_can_be_read() {
    let firm = Firm::new().await;
    let mut jane = firm.browser_of(firm.jane).await;
    let long = "a".repeat(1_000);
    for fields in [&[("name", "")][..], &[("name", " \t ")], &[("name", &long)], &[("name", "a\u{0}b")], &[]]
    {
        let refused = jane.post(NEW, fields).await;
        refused.is(400).hides("id=\"secret\"");
        assert_eq!(refused.errors().len(), 1, "{fields:?}");
    }
    let owner = firm.jane;
    assert!(firm.portal.read(move |reader: &Reader| api_keys::list(reader, &owner)).await.is_empty());
}

#[tokio::test]
async fn d2_there_are_at_most_a_hundred_keys() {
    let firm = Firm::new().await;
    let owner = firm.jane;
    let fill = move |tx: &mut store::Tx| {
        for number in 0..api_keys::KEYS_MAX {
            api_keys::create(tx, &owner, &format!("Program {number}"))?;
        }
        Ok(())
    };
    firm.portal.write(fill).await;
    let mut jane = firm.browser_of(firm.jane).await;
    jane.get(LIST).await.is(200).shows("There is no room for more").hides(NEW);
    jane.post(NEW, &[("name", "One more")]).await.is(409).shows("too many keys").shows("One more");
}
