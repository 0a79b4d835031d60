//! The pages of client users, companies, projects, the team and oneself.

use crate::support::{Answer, Firm};
use domain::administration::clients::ClientInput;
use domain::kernel::access::Actor;
use domain::kernel::ids::PersonId;
use domain::{administration, directory};

/// The id at the end of the address that an answer redirects to.
fn id_of(answer: &Answer) -> &str {
    assert_eq!(answer.status, 303, "{}", answer.text);
    answer.to().split('?').next().unwrap().rsplit('/').next().unwrap()
}

async fn people_of(firm: &Firm, actor: Actor) -> Vec<PersonId> {
    let renovation = firm.renovation;
    let people =
        firm.portal.read(move |reader| directory::projects::people_of(reader, &actor, renovation)).await;
    people.into_iter().map(|person| person.id).collect()
}

#[tokio::test]
async fn c6_adding_a_client_user_makes_their_channel_and_invites_them() {
    let firm = Firm::new().await;
    let mut tom = firm.browser_of(firm.tom).await;
    tom.get("/clients/new").await.is(200).shows("value=\"Northwind Bakery\"");
    let fields = [
        ("givenName", "Amara"),
        ("familyName", "Diallo"),
        ("email", "amara@client.example"),
        ("phone", "+44 20 7946-0018"),
        ("newCompany", "northwind bakery"),
        ("invite", "yes"),
    ];
    let added = tom.post("/clients/new", &fields).await;
    let amara = id_of(&added).to_string();
    added.goes(&format!("/clients/{amara}?done=invited"));
    let page = tom.follow(&added).await;
    page.is(200).shows("Amara Diallo").shows("+442079460018").shows("Northwind Bakery").shows(">Invited<");
    page.shows("An invitation to amara@client.example is on its way.");
    let channel = page.text.split("href=\"/messages/").nth(1).unwrap().split('"').next().unwrap().to_string();
    tom.get(&format!("/messages/{channel}")).await.is(200).shows("Amara Diallo");

    let again = tom.post("/clients/new", &fields).await;
    assert_eq!(again.is(400).errors(), ["This is already in use."]);
    again.shows("value=\"Amara\"").shows("value=\"northwind bakery\"").shows("value=\"yes\" checked");
}

#[tokio::test]
async fn d8_a_form_sets_nothing_that_it_does_not_offer() {
    let firm = Firm::new().await;
    let mut tom = firm.browser_of(firm.tom).await;
    let (who, maria, renovation) = (firm.tom, firm.maria.person, firm.renovation);
    let santos = firm.santos.to_string();
    let beside = [("customFields", r#"{"tier": "gold"}"#), ("companyId", &*santos), ("isArchived", "true")];
    let person = [("givenName", "Amara"), ("email", "amara@client.example")];
    let added = tom.post("/clients/new", &[&person[..], &beside].concat()).await;
    let amara = PersonId(id_of(&added).parse().unwrap());
    let fields = [&[("givenName", "Maria"), ("email", "maria@client.example")][..], &beside].concat();
    tom.post(&format!("/clients/{maria}"), &fields).await.is(303);
    let tom_id = who.person.to_string();
    let fields = [&[("title", "Renovation"), ("internalUserIds", &*tom_id)][..], &beside].concat();
    tom.post(&format!("/projects/{renovation}"), &fields).await.is(303);
    firm.portal
        .read(move |reader| {
            for client in [amara, maria] {
                let found = directory::clients::client(reader, &who, client)?;
                assert!(found.custom_fields.to_map().is_empty());
                let companies = directory::clients::companies_of(reader, &who, client)?;
                assert!(companies.iter().all(|(_, _, is_placeholder)| *is_placeholder), "{companies:?}");
            }
            assert_eq!(directory::projects::find(reader, &who, renovation)?.archived_at, None);
            Ok(())
        })
        .await;
}

#[tokio::test]
async fn c6_a_client_user_without_a_company_has_none_to_show() {
    let firm = Firm::new().await;
    let mut tom = firm.browser_of(firm.tom).await;
    let fields = [("givenName", "Amara"), ("email", "amara@client.example")];
    let added = tom.post("/clients/new", &fields).await;
    let amara = id_of(&added).to_string();
    tom.follow(&added)
        .await
        .is(200)
        .shows(">Not invited<")
        .shows("<dt>Companies</dt><dd><span class=\"soft\">none</span>");
    tom.get("/companies").await.shows("Northwind Bakery").hides("Amara");
    let jane = firm.jane;
    let id: PersonId = amara.parse().unwrap();
    let placeholder =
        firm.portal.read(move |reader| directory::clients::companies_of(reader, &jane, id)).await[0].0;
    tom.get(&format!("/companies/{placeholder}")).await.is(404);
    tom.post(&format!("/companies/{placeholder}"), &[("name", "Diallo")]).await.is(404);
}

#[tokio::test]
async fn s2_an_invitation_can_be_sent_again_and_not_to_the_deactivated() {
    let firm = Firm::new().await;
    let mut tom = firm.browser_of(firm.tom).await;
    let maria = format!("/clients/{}", firm.maria.person);
    tom.get(&maria).await.shows(">Not invited<").shows("</svg> Invite<");
    tom.post(&format!("{maria}/invite"), &[]).await.goes(&format!("{maria}?done=invited"));
    tom.get(&maria).await.shows(">Invited<").shows("</svg> Invite again<");
    tom.post(&format!("{maria}/invite"), &[]).await.goes(&format!("{maria}?done=invited"));

    let mut hers = firm.browser_of(firm.maria).await;
    tom.post(&format!("{maria}/deactivate"), &[]).await.goes(&maria);
    hers.get("/profile").await.goes("/sign-in?back=/profile");
    tom.get(&maria).await.shows(">Deactivated<").hides("Invite again");
    tom.post(&format!("{maria}/invite"), &[]).await.is(409).shows("This person is deactivated");
    tom.post(&format!("{maria}/reactivate"), &[]).await.goes(&maria);
    tom.get(&maria).await.shows(">Invited<");
    hers.get("/profile").await.is(303);
}

#[tokio::test]
async fn c2_a_new_name_is_everywhere() {
    let firm = Firm::new().await;
    let mut tom = firm.browser_of(firm.tom).await;
    let oskar = format!("/clients/{}", firm.oskar.person);
    let fields: [(&str, &dyn ToString); 5] = [
        ("givenName", &"Oscar"),
        ("familyName", &"Kowalski"),
        ("email", &"oskar@client.example"),
        ("phone", &""),
        ("companyIds", &firm.northwind),
    ];
    tom.fill(&oskar, &fields).await.goes(&format!("{oskar}?done=saved"));
    tom.get(&oskar).await.shows("Oscar Kowalski").shows("Northwind Bakery</a>");
    tom.get(&format!("/messages/{}", firm.channel)).await.shows("Oscar Kowalski");

    let northwind = format!("/companies/{}", firm.northwind);
    tom.post(&northwind, &[("name", "Northwind Café")]).await.goes(&northwind);
    tom.get(&oskar).await.shows("Northwind Café");
    let taken = tom.post(&northwind, &[("name", "SANTOS imports")]).await;
    assert_eq!(taken.is(400).errors(), ["This is already in use."]);
    taken.shows("value=\"SANTOS imports\"").shows("Northwind Café");
}

#[tokio::test]
async fn c1_writing_to_somebody_opens_their_one_channel() {
    let firm = Firm::new().await;
    let mut tom = firm.browser_of(firm.tom).await;
    for path in [
        format!("/clients/{}", firm.maria.person),
        format!("/companies/{}", firm.santos),
        format!("/projects/{}", firm.renovation),
    ] {
        let first = tom.post(&format!("{path}/channel"), &[]).await;
        assert!(first.to().starts_with("/messages/"), "{path} {}", first.text);
        tom.post(&format!("{path}/channel"), &[]).await.goes(first.to());
        tom.get(&path).await.shows(&format!("href=\"{}\"", first.to()));
        tom.follow(&first).await.is(200);
    }
}

#[tokio::test]
async fn c5_who_is_not_on_a_project_is_told_to_join_it_first() {
    let firm = Firm::new().await;
    let mut tom = firm.browser_of(firm.tom).await;
    let fields: [(&str, &dyn ToString); 2] = [("title", &"Lease"), ("internalUserIds", &firm.jane.person)];
    let lease = tom.fill("/projects/new", &fields).await;
    tom.follow(&lease).await.is(200).shows("Put yourself on it to write there.");
    tom.post(&format!("{}/channel", lease.to()), &[]).await.is(409).shows("put yourself on it first");
}

#[tokio::test]
async fn c4_client_users_of_different_companies_meet_only_after_a_word() {
    let firm = Firm::new().await;
    let mut tom = firm.browser_of(firm.tom).await;
    let path = format!("/projects/{}", firm.renovation);
    let both: Vec<(&str, &dyn ToString)> = vec![
        ("title", &"Harbour Road"),
        ("companyId", &firm.northwind),
        ("clientIds", &firm.oskar.person),
        ("clientIds", &firm.maria.person),
        ("internalUserIds", &firm.tom.person),
    ];
    let checked = |id: PersonId| format!("value=\"{id}\" checked");
    let asked = tom.fill(&path, &both).await;
    asked
        .is(400)
        .shows("do not all belong to one company")
        .shows("<b>Maria Santos</b>")
        .shows("Santos Imports");
    asked.shows("name=\"told\" value=\"yes\"").shows("value=\"Harbour Road\"");
    asked
        .shows(&checked(firm.oskar.person))
        .shows(&checked(firm.maria.person))
        .shows(&checked(firm.tom.person));
    asked.hides(&checked(firm.jane.person)).shows(&format!("value=\"{}\" selected", firm.northwind));
    assert!(!people_of(&firm, firm.jane).await.contains(&firm.maria.person));

    let told: Vec<(&str, &dyn ToString)> =
        both.iter().copied().chain([("told", &"yes" as &dyn ToString)]).collect();
    tom.fill(&path, &told).await.goes(&path);
    assert!(people_of(&firm, firm.jane).await.contains(&firm.maria.person));
    // People already on it need no further confirmation.
    tom.fill(&path, &both).await.goes(&path);
    tom.get(&path).await.shows("Harbour Road").hides("do not all belong");

    let mut asked = tom.fill("/projects/new", &both).await;
    asked.is(400).shows("do not all belong to one company").shows(&checked(firm.maria.person));
    asked = tom.fill("/projects/new", &told).await;
    tom.follow(&asked).await.is(200).shows(&checked(firm.maria.person));
}

#[tokio::test]
async fn c4_a_client_user_moves_to_where_others_would_be_met_only_after_a_word() {
    let firm = Firm::new().await;
    let (jane, northwind, oskar) = (firm.jane, firm.northwind, firm.oskar.person);
    let colleague = ClientInput {
        given_name: "Nora".to_string().into(),
        email: "nora@client.example".to_string().into(),
        company_ids: vec![northwind].into(),
        ..ClientInput::default()
    };
    let renovation = firm.renovation;
    firm.portal
        .write(move |tx| {
            let nora = administration::clients::add_client(tx, &jane, &colleague)?;
            let change = administration::projects::ProjectInput {
                client_ids: vec![oskar, nora].into(),
                ..Default::default()
            };
            administration::projects::edit(tx, &jane, renovation, &change)
        })
        .await;
    let mut tom = firm.browser_of(firm.tom).await;
    let path = format!("/clients/{oskar}");
    let moved: Vec<(&str, &dyn ToString)> = vec![
        ("givenName", &"Oskar"),
        ("familyName", &"Kowalski"),
        ("email", &"oskar@client.example"),
        ("companyIds", &firm.santos),
    ];
    let asked = tom.fill(&path, &moved).await;
    asked.is(400).shows("together with client users of other companies").shows("name=\"told\" value=\"yes\"");
    asked
        .shows(&format!("value=\"{}\" checked", firm.santos))
        .hides(&format!("value=\"{northwind}\" checked"));
    let told: Vec<(&str, &dyn ToString)> =
        moved.iter().copied().chain([("told", &"yes" as &dyn ToString)]).collect();
    tom.fill(&path, &told).await.goes(&format!("{path}?done=saved"));
    tom.get(&format!("/companies/{}", firm.santos)).await.shows("Oskar Kowalski");
    tom.get(&format!("/companies/{northwind}")).await.hides("Oskar Kowalski");
}

#[tokio::test]
async fn a_project_is_put_away_and_brought_back() {
    let firm = Firm::new().await;
    let mut tom = firm.browser_of(firm.tom).await;
    let path = format!("/projects/{}", firm.renovation);
    tom.get("/projects").await.shows("Renovation");
    tom.post(&format!("{path}/archive"), &[]).await.goes(&path);
    tom.get("/projects").await.hides("Renovation").hides("No projects yet");
    tom.get("/projects?archived=yes").await.shows("Renovation").shows(">Archived<");
    tom.get(&path).await.shows(">Archived<");
    tom.post(&format!("{path}/restore"), &[]).await.goes(&path);
    tom.get("/projects").await.shows("Renovation");
}

#[tokio::test]
async fn limited_staff_see_what_they_are_assigned_to_and_nothing_else() {
    let firm = Firm::new().await;
    let mut priya = firm.browser_of(firm.priya).await;
    priya.get("/clients").await.shows("Maria Santos").hides("Oskar");
    priya.get("/companies").await.shows("Santos Imports").hides("Northwind");
    priya.get("/projects").await.hides("Renovation");
    priya.get("/projects/new").await.shows("Maria Santos").hides("Oskar").hides("Northwind");
    priya.get(&format!("/clients/new?company={}", firm.northwind)).await.is(200).hides("Northwind");
    let taken = priya
        .post(
            "/clients/new",
            &[("givenName", "A"), ("email", "a@client.example"), ("newCompany", "Northwind Bakery")],
        )
        .await;
    assert_eq!(taken.is(400).errors(), ["This is already in use."]);

    let mut jane = firm.browser_of(firm.jane).await;
    let northwind = format!("/companies/{}", firm.northwind);
    jane.get(&northwind).await.shows("Priya Rao").shows("Assign somebody");
    let fields: [(&str, &dyn ToString); 2] = [("person", &firm.priya.person), ("assigned", &"yes")];
    jane.fill(&format!("{northwind}/assign"), &fields).await.goes(&northwind);
    priya.get("/clients").await.shows("Oskar Kowalski");
    jane.fill(&format!("{northwind}/assign"), &fields[..1]).await.goes(&northwind);
    priya.get("/clients").await.hides("Oskar Kowalski");

    // Somebody who moves a client user out of their own access is not redirected to a page that they cannot see.
    let maria = format!("/clients/{}", firm.maria.person);
    let fields: [(&str, &dyn ToString); 4] = [
        ("givenName", &"Maria"),
        ("email", &"maria@client.example"),
        ("companyIds", &firm.santos),
        ("companyIds", &firm.northwind),
    ];
    jane.fill(&maria, &fields).await.goes(&format!("{maria}?done=saved"));
    priya.fill(&maria, &fields[..2]).await.goes("/clients");
    priya.get(&maria).await.is(404);
    jane.get(&maria).await.shows("Northwind Bakery");
}
