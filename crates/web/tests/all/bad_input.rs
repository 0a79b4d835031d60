//! How forms and addresses answer hostile text and ids that the requester may not see.

use crate::support::Firm;
use domain::administration::clients::{self, ClientInput};
use domain::administration::{companies, projects};

/// A form: its path, valid fields, and the fields that take text.
type Form = (String, Vec<(&'static str, &'static str)>, Vec<&'static str>);

#[tokio::test]
async fn hostile_text_is_refused_at_its_field_or_kept_as_text() {
    let firm = Firm::new().await;
    let (maria, tom) = (firm.maria.person, firm.tom.person);
    let person = [("givenName", "A"), ("familyName", "B"), ("email", "new@client.example"), ("phone", "")];
    let forms: Vec<Form> = vec![
        (
            "/clients/new".to_string(),
            person.to_vec(),
            vec!["givenName", "familyName", "email", "phone", "newCompany"],
        ),
        (format!("/clients/{maria}"), person.to_vec(), vec!["givenName", "familyName", "email", "phone"]),
        ("/companies/new".to_string(), vec![("name", "A")], vec!["name"]),
        (format!("/companies/{}", firm.santos), vec![("name", "A")], vec!["name"]),
        ("/projects/new".to_string(), vec![("title", "A")], vec!["title"]),
        (
            format!("/settings/team/{tom}"),
            person[..3].iter().copied().chain([("role", "staff"), ("access", "all")]).collect(),
            vec!["givenName", "familyName", "email"],
        ),
        ("/profile".to_string(), person[..2].to_vec(), vec!["givenName", "familyName", "phone", "timeZone"]),
    ];
    let long = "a".repeat(201);
    let refused = ["a\u{0}b", "a\u{1b}[31mb", "a\u{85}b", "a\u{2028}b", "a\nb", &long];
    let texts = [
        "😀👩‍👩‍👧",
        "\u{202e}gnp.exe",
        "<b>x</b>\"'&amp;",
        "Ã©\u{301}",
        "'; DROP TABLE people; --",
        "{{ 7 * 7 }}",
    ];
    let mut jane = firm.browser_of(firm.jane).await;
    for (path, fields, names) in forms {
        for name in names {
            for text in refused.iter().chain(&texts) {
                let mut fields: Vec<(&str, &str)> =
                    fields.iter().filter(|field| field.0 != name).copied().collect();
                fields.push((name, text));
                let answer = jane.post(&path, &fields).await;
                let status = answer.status.as_u16();
                assert!(matches!(status, 303 | 400), "{path} {name} {text:?}: {status}");
                answer.hides("<b>x</b>");
                if refused.contains(text) {
                    assert_eq!((status, answer.errors().len()), (400, 1), "{path} {name} {text:?}");
                }
            }
            jane.send(&path, &format!("{name}=%C3%28")).await.is(400);
            jane.send(&path, &format!("{name}=a&{name}=b")).await.is(400);
        }
        jane.send(&path, &"a=".repeat(1_100_000)).await.is(413);
        jane.send(&path, "%00=%00&=&&&").await.is(400);
    }
}

#[tokio::test]
async fn ids_of_others_and_ids_that_are_none_are_unknown() {
    let firm = Firm::new().await;
    let (stranger, santos) = (firm.stranger, firm.santos);
    let (company, client, project) = firm
        .portal
        .write(move |tx| {
            let company = companies::add(tx, &stranger, "Secret Ltd")?;
            let client = ClientInput {
                given_name: "Zed".to_string().into(),
                email: "zed@b.example".to_string().into(),
                ..Default::default()
            };
            let client = clients::add_client(tx, &stranger, &client)?;
            let project = projects::add(
                tx,
                &stranger,
                &projects::ProjectInput { title: "Secret".to_string().into(), ..Default::default() },
            )?;
            Ok((company, client, project))
        })
        .await;
    let mut jane = firm.browser_of(firm.jane).await;
    for id in [
        company.to_string(),
        "00000000-0000-0000-0000-000000000000".to_string(),
        "abc".to_string(),
        "%FF".to_string(),
        "😀".repeat(3),
    ] {
        let id = if id.is_ascii() { id } else { "%F0%9F%98%80".to_string() };
        for noun in ["clients", "companies", "projects", "settings/team"] {
            jane.get(&format!("/{noun}/{id}")).await.is(404);
        }
    }
    jane.get(&format!("/clients/{client}")).await.is(404);
    jane.get(&format!("/clients/{}", firm.tom.person)).await.is(404);
    jane.get(&format!("/settings/team/{}", firm.maria.person)).await.is(404);
    jane.get(&format!("/projects/{project}")).await.is(404);

    let unknown = "This is not known here.";
    let title: (&str, &dyn ToString) = ("title", &"A");
    for (name, id) in [
        ("companyId", company.0),
        ("clientIds", client.0),
        ("clientIds", firm.tom.person.0),
        ("internalUserIds", stranger.person.0),
        ("internalUserIds", firm.maria.person.0),
    ] {
        let answer = jane.fill("/projects/new", &[title, (name, &id)]).await;
        assert_eq!(answer.is(400).errors(), [unknown], "{name}");
        answer.hides("Zed").hides("Secret");
    }
    let who: [(&str, &dyn ToString); 2] = [("givenName", &"A"), ("email", &"a@client.example")];
    let fields = [who[0], who[1], ("companyIds", &company as &dyn ToString)];
    assert_eq!(jane.fill("/clients/new", &fields).await.is(400).errors(), [unknown]);
    assert_eq!(
        jane.fill(&format!("/clients/{}", firm.maria.person), &fields).await.is(400).errors(),
        [unknown]
    );
    let fields: Vec<(&str, &dyn ToString)> =
        vec![who[0], who[1], ("role", &"staff"), ("access", &"all"), ("companyAccessList", &company)];
    assert_eq!(jane.fill("/settings/team/new", &fields).await.is(400).errors(), [unknown]);
    let assign = format!("/companies/{santos}/assign");
    for person in [firm.maria.person, stranger.person] {
        jane.fill(&assign, &[("person", &person), ("assigned", &"yes")]).await.is(404);
    }
    jane.send(&assign, "person=abc").await.is(400);
    jane.send("/projects/new", "title=A&clientIds=abc").await.is(400);
    let many: String = (0..501).map(|_| format!("&clientIds={client}")).collect();
    let answer = jane.send("/projects/new", &format!("title=A{many}")).await;
    assert_eq!(answer.is(400).errors(), ["Please give at most 500."]);
}
