//! Lists of client users, companies and projects: searched, in pages, empty.

use crate::support::{Firm, Portal};
use domain::administration::clients::{self, ClientInput};
use domain::administration::{companies, projects, set_up};

#[tokio::test]
async fn lists_are_searched_and_come_in_pages_without_a_gap_or_a_double() {
    let firm = Firm::new().await;
    let jane = firm.jane;
    firm.portal
        .write(move |tx| {
            for number in 0..60 {
                // Equal names, with the end of a page between them.
                let client = ClientInput {
                    given_name: "Ann".to_string().into(),
                    email: format!("ann{number:02}@client.example").into(),
                    ..ClientInput::default()
                };
                clients::add_client(tx, &jane, &client)?;
                companies::add(tx, &jane, &format!("Company {number:02}"))?;
                let title = format!("Project {number:02}");
                projects::add(
                    tx,
                    &jane,
                    &projects::ProjectInput { title: title.into(), ..Default::default() },
                )?;
            }
            Ok(())
        })
        .await;
    let mut tom = firm.browser_of(firm.tom).await;
    for (list, find, row) in [
        ("clients", "ANN", "ann"),
        ("companies", "company ", "Company "),
        ("projects", "PROJECT", "Project "),
    ] {
        let first = tom.get(&format!("/{list}?find={}", find.replace(' ', "%20"))).await;
        first.is(200).hides("First page");
        let next = first.text.split("rel=\"next\"").next().unwrap().rsplit("href=\"").next().unwrap();
        let next = next.split('"').next().unwrap().replace("&#38;", "&");
        let second = tom.get(&next).await;
        second.is(200).shows("First page").hides("rel=\"next\"");
        let mut seen: Vec<usize> = (0..60).filter(|n| first.text.contains(&format!("{row}{n:02}"))).collect();
        assert_eq!(seen.len(), 50, "{list}");
        seen.extend((0..60).filter(|n| second.text.contains(&format!("{row}{n:02}"))));
        seen.sort_unstable();
        assert_eq!(seen, (0..60).collect::<Vec<_>>(), "{list}");
        tom.get(&format!("/{list}?find=%25")).await.is(200).shows("found").hides(&format!("{row}01"));
        tom.get(&format!("/{list}?after=abc")).await.is(400);
        tom.get(&format!("/{list}?after={}", firm.stranger.person)).await.is(404);
        tom.get(&format!("/{list}?find=%FF")).await.is(400);
        tom.get(&format!("/{list}?find={}", "a".repeat(5_000))).await.is(200);
        tom.get(&format!("/{list}?find=%00%E2%80%AE%F0%9F%98%80'%22")).await.is(200);
    }
}

#[tokio::test]
async fn empty_lists_say_what_belongs_there() {
    let portal = Portal::empty();
    let jane = portal
        .write(|tx| {
            let set_up = set_up::SetUp {
                brand: "New firm".to_string(),
                given_name: "Jane".to_string(),
                family_name: String::new(),
                email: "jane@firm.example".to_string(),
            };
            set_up::set_up(tx, None, &set_up)
        })
        .await;
    let mut jane = portal.browser_of(jane.0, jane.1).await;
    jane.get("/clients").await.is(200).shows("No client users yet").shows("href=\"/clients/new\"");
    jane.get("/companies").await.is(200).shows("No companies yet").shows("href=\"/companies/new\"");
    jane.get("/projects").await.is(200).shows("No projects yet").shows("href=\"/projects/new\"");
    jane.get("/projects/new").await.is(200).shows("There is nothing to choose from yet.");
}
