//! The pages of the firm's internal users, and everybody's own page.

use crate::support::Firm;
use domain::channels::channel;
use domain::directory::team;

#[tokio::test]
async fn admins_change_the_team_and_staff_see_it() {
    let firm = Firm::new().await;
    let mut tom = firm.browser_of(firm.tom).await;
    tom.get("/settings").await.goes("/settings/team");
    tom.get("/settings/team").await.is(200).shows("Jane Lee").shows("Priya Rao").hides("/settings/team/new");
    let mut jane = firm.browser_of(firm.jane).await;
    jane.get("/settings/team").await.shows("/settings/team/new").shows("(you)");
    let fields: [(&str, &dyn ToString); 7] = [
        ("givenName", &"Ines"),
        ("familyName", &"Gomez"),
        ("email", &"ines@firm.example"),
        ("role", &"staff"),
        ("access", &"assigned"),
        ("companyAccessList", &firm.northwind),
        ("invite", &"yes"),
    ];
    jane.fill("/settings/team/new", &fields).await.goes("/settings/team?done=invited");
    let list = jane.get("/settings/team?done=invited").await;
    list.shows("Ines Gomez")
        .shows("sees assigned companies only")
        .shows(">Invited<")
        .shows("The invitation is on its way.");
    let admin = firm.jane;
    let team = firm.portal.read(move |reader| team::internal_users(reader, &admin)).await;
    let ines = team.iter().find(|person| person.name.given == "Ines").unwrap().id;
    let page = format!("/settings/team/{ines}");
    jane.get(&page).await.is(200).shows(&format!("value=\"{}\" checked", firm.northwind));
    let seen = firm.portal.read(move |reader| team::assignments(reader, &admin, ines)).await;
    assert_eq!(seen, [firm.northwind]);

    let taken = jane.fill("/settings/team/new", &fields).await;
    assert_eq!(taken.is(400).errors(), ["This is already in use."]);
    for (name, wrong) in [("role", "client"), ("role", ""), ("access", "some")] {
        let fields: Vec<(&str, &dyn ToString)> = fields
            .iter()
            .map(|(field, value)| (*field, if *field == name { &wrong } else { *value }))
            .collect();
        let answer = jane.fill(&page, &fields).await;
        assert_eq!(answer.is(400).errors(), ["Please choose one of the offered values."], "{name} {wrong}");
    }
}

#[tokio::test]
async fn the_last_admin_stays() {
    let firm = Firm::new().await;
    let mut jane = firm.browser_of(firm.jane).await;
    let page = format!("/settings/team/{}", firm.jane.person);
    let fields = [
        ("givenName", "Jane"),
        ("familyName", "Lee"),
        ("email", "jane@firm.example"),
        ("role", "staff"),
        ("access", "all"),
    ];
    for answer in [jane.post(&page, &fields).await, jane.post(&format!("{page}/deactivate"), &[]).await] {
        assert_eq!(answer.is(400).errors(), ["The workspace needs at least one active admin."]);
    }
    jane.get("/settings/team").await.is(200).shows("Admin");
}

#[tokio::test]
async fn everybody_keeps_their_own_profile() {
    let firm = Firm::new().await;
    let mut oskar = firm.browser_of(firm.oskar).await;
    oskar
        .get("/profile")
        .await
        .is(200)
        .shows("Europe/Lisbon")
        .shows("oskar@client.example")
        .hides("Clients<");
    let good = [
        ("givenName", "Oskar"),
        ("familyName", "K."),
        ("phone", "+351 21 000 0000"),
        ("timeZone", "Europe/Lisbon"),
    ];
    oskar.post("/profile", &good).await.goes("/profile?done=saved");
    let page = oskar.get("/profile").await;
    page.shows("value=\"+351210000000\"").shows("value=\"Europe/Lisbon\" selected");
    for (field, wrong) in [("phone", "21 000 0000"), ("timeZone", "Mars/Olympus"), ("givenName", "a\u{7}b")] {
        let fields: Vec<(&str, &str)> =
            good.iter().map(|(name, value)| (*name, if *name == field { wrong } else { *value })).collect();
        let answer = oskar.post("/profile", &fields).await;
        assert_eq!(answer.is(400).errors().len(), 1, "{field}");
        answer.shows("value=\"K.\"");
    }
}

#[tokio::test]
async fn s1_a_person_sees_and_ends_their_sessions() {
    let firm = Firm::new().await;
    let mut phone = firm.browser_of(firm.oskar).await;
    let mut tablet = firm.browser_of(firm.oskar).await;
    let mut laptop = firm.browser_of(firm.oskar).await;
    let mut others = firm.browser_of(firm.maria).await;
    let page = phone.get("/profile").await;
    let ends: Vec<&str> = page
        .text
        .split("action=\"/profile/sessions/")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert_eq!(ends.len(), 3, "everywhere else, and two others one by one");
    let one = format!("/profile/sessions/{}", ends.iter().find(|end| **end != "end-others").unwrap());
    others.post(&one, &[]).await.is(404);
    phone.post(&one, &[]).await.goes("/profile?done=ended");
    phone.post(&one, &[]).await.is(404);
    let open = [tablet.get("/profile").await.status, laptop.get("/profile").await.status];
    assert_eq!(open.iter().filter(|status| **status == 200).count(), 1);
    phone.post("/profile/sessions/end-others", &[]).await.goes("/profile?done=ended");
    for browser in [&mut tablet, &mut laptop] {
        browser.get("/profile").await.is(303);
    }
    phone.get("/profile").await.is(200).hides("Sign out all others");
    others.get("/profile").await.is(200);
}

#[tokio::test]
async fn clients_have_no_pages_of_the_firm() {
    let firm = Firm::new().await;
    let mut oskar = firm.browser_of(firm.oskar).await;
    for path in ["/clients", "/clients/new", "/companies", "/projects/new", "/settings", "/settings/team"] {
        oskar.get(path).await.is(404);
    }
    oskar.get("/set-up").await.goes("/");
    let page = oskar.get("/profile").await;
    page.hides("href=\"/clients\"").hides("href=\"/settings\"");
    let channel = firm.channel;
    let actor = firm.oskar;
    let own = firm.portal.read(move |reader| channel::find(reader, &actor, channel)).await;
    assert_eq!(own.title, "Harbor & Lee");
}
