//! Addresses that take no mail: how internal users and the person see it and have the address tried again (N12).

use crate::support::Firm;
use domain::arrival::invitations;
use domain::kernel::access::Actor;
use domain::notify::{bounces, deliveries};

/// Makes a delivery to somebody's address fail for good.
async fn bounces_at(firm: &Firm, who: Actor, address: &'static str) {
    let jane = firm.jane;
    firm.portal
        .write(move |tx| {
            invitations::invite(tx, &jane, who.person)?;
            let claimed = deliveries::claim(tx, 50)?;
            let to_them = claimed.iter().find(|delivery| delivery.person == who.person).unwrap();
            deliveries::failed(tx, to_them, "550 <no> such user")?;
            bounces::record_bounce(tx, to_them, address, "550 <no> such user")
        })
        .await;
}

#[tokio::test]
async fn n12_internal_users_see_at_a_client_user_that_their_address_takes_no_mail_and_try_it_again() {
    let firm = Firm::new().await;
    let page = format!("/clients/{}", firm.oskar.person);
    let mut tom = firm.browser_of(firm.tom).await;
    tom.get(&page).await.is(200).hides("has come back");
    bounces_at(&firm, firm.oskar, "oskar@client.example").await;
    tom.get(&page)
        .await
        .shows("Mail to oskar@client.example has come back since")
        .shows("550 &#60;no&#62; such user");
    tom.post(&format!("{page}/try-address"), &[]).await.goes(&format!("{page}?done=tried"));
    tom.get(&format!("{page}?done=tried")).await.shows("is tried again").hides("has come back");
}

#[tokio::test]
async fn n12_admins_see_it_at_a_colleague_and_in_the_history_and_try_all_again() {
    let firm = Firm::new().await;
    bounces_at(&firm, firm.tom, "tom@firm.example").await;
    bounces_at(&firm, firm.oskar, "oskar@client.example").await;
    let mut jane = firm.browser_of(firm.jane).await;
    let page = format!("/settings/team/{}", firm.tom.person);
    jane.get(&page).await.shows("Mail to tom@firm.example has come back");
    let history = jane.get("/settings/messaging/notices").await;
    history.shows(&format!("href=\"{page}\"")).shows(&format!("href=\"/clients/{}\"", firm.oskar.person));
    jane.post(&format!("{page}/try-address"), &[]).await.goes("/settings/team?done=tried");
    jane.get(&page).await.hides("has come back");
    jane.post("/settings/messaging/try-addresses", &[]).await.goes("/settings/messaging/notices");
    jane.get("/settings/messaging/notices").await.hides("has come back");
}

#[tokio::test]
async fn n12_a_person_sees_it_on_their_profile_and_tries_it_again() {
    let firm = Firm::new().await;
    bounces_at(&firm, firm.oskar, "oskar@client.example").await;
    let mut oskar = firm.browser_of(firm.oskar).await;
    oskar.get("/profile").await.shows("Mail to oskar@client.example has come back");
    firm.browser_of(firm.maria).await.get("/profile").await.hides("has come back");
    oskar.post("/profile/try-address", &[]).await.goes("/profile?done=tried");
    oskar.get("/profile").await.hides("has come back");
}

#[tokio::test]
async fn n12_another_address_is_not_marked_by_what_was_sent_to_the_old_one() {
    let firm = Firm::new().await;
    bounces_at(&firm, firm.oskar, "oskar@old.example").await;
    firm.browser_of(firm.jane)
        .await
        .get(&format!("/clients/{}", firm.oskar.person))
        .await
        .hides("has come back");
}
