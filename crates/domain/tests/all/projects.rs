//! Projects: who is on one, who may see it, and where clients of different companies may meet (C4).

use crate::support::Office;
use crate::support::people::{Firm, not_found, refused};
use domain::administration::projects::ProjectInput;
use domain::channels::channel;
use domain::channels::starting::Subject;
use domain::directory::projects::{Project, ProjectFilter};
use domain::kernel::access::Actor;
use domain::kernel::error::{self, Problem};
use domain::kernel::ids::{self, CompanyId, PersonId, ProjectId};
use domain::kernel::journal::Event;
use domain::{administration, directory};

fn titled(title: &str) -> ProjectInput {
    ProjectInput { title: title.to_string().into(), ..ProjectInput::default() }
}

fn add(office: &Office, actor: Actor, new: ProjectInput) -> error::Result<ProjectId> {
    office.write(move |tx| administration::projects::add(tx, &actor, &new))
}

fn edit(office: &Office, actor: Actor, project: ProjectId, change: ProjectInput) -> error::Result<()> {
    office.write(move |tx| administration::projects::edit(tx, &actor, project, &change))
}

fn with_clients(clients: &[PersonId]) -> ProjectInput {
    ProjectInput { client_ids: clients.to_vec().into(), ..ProjectInput::default() }
}

fn find(office: &Office, actor: Actor, project: ProjectId) -> error::Result<Project> {
    office.read(move |reader| directory::projects::find(reader, &actor, project))
}

fn people_of(firm: &Firm<'_>, project: ProjectId) -> Vec<PersonId> {
    let ada = firm.ada;
    let found =
        firm.office.read(move |reader| directory::projects::people_of(reader, &ada, project)).unwrap();
    found.into_iter().map(|person| person.id).collect()
}

fn titles(office: &Office, actor: Actor, filter: &ProjectFilter, most: i64) -> Vec<String> {
    let filter = filter.clone();
    let found = office.read(move |reader| directory::projects::list(reader, &actor, &filter, most)).unwrap();
    found.into_iter().map(|project| project.title).collect()
}

both_engines! {
    fn c4_clients_of_different_companies_meet_only_when_told(office) {
        let firm = office.firm("a");
        let (acme, other) = (firm.company("Acme"), firm.company("Other"));
        let (bo, cy, di) =
            (firm.client("Bo", &[acme]), firm.client("Cy", &[acme, other]), firm.client("Di", &[other]));
        let (ed, flo) = (firm.client("Ed", &[]), firm.client("Flo", &[]));
        let new =
            |clients: &[PersonId], told| ProjectInput {
                client_ids: clients.to_vec().into(),
                confirmed: told,
                ..titled("Audit")
            };
        assert!(add(office, firm.ada, new(&[bo, cy, bo], false)).is_ok());
        assert!(add(office, firm.ada, new(&[cy, di], false)).is_ok());
        // Every pair is checked: somebody in both companies does not make the others colleagues.
        for clients in [[bo, cy, di], [ed, flo, flo], [bo, ed, bo]] {
            refused(add(office, firm.ada, new(&clients, false)), "clientIds", Problem::ClientsMeet);
            assert!(add(office, firm.ada, new(&clients, true)).is_ok());
        }
    }

    fn c4_adding_a_client_is_asked_again_and_taking_one_off_is_not(office) {
        let firm = office.firm("a");
        let (acme, other) = (firm.company("Acme"), firm.company("Other"));
        let (bo, cy, di) =
            (firm.client("Bo", &[acme]), firm.client("Cy", &[other]), firm.client("Di", &[other]));
        let project = firm.project("Audit", &[bo, cy], &[]);
        refused(
            edit(office, firm.ada, project, with_clients(&[bo, cy, di])),
            "clientIds",
            Problem::ClientsMeet,
        );
        edit(office, firm.ada, project, ProjectInput {
            confirmed: true,
            ..with_clients(&[bo, cy, di])
        }).unwrap();
        edit(office, firm.ada, project, with_clients(&[bo, cy])).unwrap();
        edit(
            office,
            firm.ada,
            project,
            ProjectInput { title: "Tax".to_string().into(), ..Default::default() },
        )
        .unwrap();
        assert_eq!(people_of(&firm, project), [bo, cy, firm.ada.person]);
        edit(office, firm.ada, project, with_clients(&[cy, di])).unwrap();
    }

    fn c3_who_is_put_on_a_project_joins_its_channel(office) {
        let firm = office.firm("a");
        let acme = firm.company("Acme");
        let (bo, cy, sam) =
            (firm.client("Bo", &[acme]), firm.client("Cy", &[acme]), firm.staff("Sam").person);
        let (ada, project) = (firm.ada, firm.project("Audit", &[bo], &[]));
        let none = office.read(move |reader| channel::of_subject(reader, ada.workspace, project.0)).unwrap();
        assert_eq!(none, None, "made by asking for it (C5)");
        let channel = firm.channel(Subject::Project(project));
        let here = |expected: &[PersonId]| {
            for person in [bo, cy, sam, ada.person] {
                assert_eq!(firm.is_in(channel, person), expected.contains(&person));
            }
        };
        here(&[bo, ada.person]);
        edit(office, ada, project, with_clients(&[bo, cy])).unwrap();
        here(&[bo, cy, ada.person]);
        edit(office, ada, project, ProjectInput {
            internal_user_ids: vec![sam].into(),
            ..with_clients(&[cy])
        })
            .unwrap();
        here(&[cy, sam]);
        firm.deactivate(ada, cy).unwrap();
        here(&[sam]);
        let told = firm.told();
        assert!(told.contains(&Event::MembersChanged { channel, joined: vec![cy], left: vec![] }));
        assert!(told.contains(&Event::MembersChanged { channel, joined: vec![], left: vec![cy] }));
    }

    fn c2_a_projects_new_title_is_told_and_the_same_one_is_not(office) {
        let firm = office.firm("a");
        let project = firm.project("Audit", &[], &[]);
        let channel = firm.channel(Subject::Project(project));
        for _ in 0..2 {
            let change = ProjectInput { title: " Tax ".to_string().into(), ..ProjectInput::default() };
            edit(office, firm.ada, project, change).unwrap();
        }
        let ada = firm.ada;
        assert_eq!(office.read(move |reader| channel::find(reader, &ada, channel)).unwrap().title, "Tax");
        let updates = firm.told().into_iter().filter(|event| *event == Event::ChannelUpdated { channel });
        assert_eq!(updates.count(), 1);
    }

    fn who_makes_a_project_is_on_it_where_nobody_else_is(office) {
        let firm = office.firm("a");
        let (sam, lin) = (firm.staff("Sam"), firm.limited("Lin", &[]));
        let own = add(office, lin, titled("Own")).unwrap();
        assert_eq!(people_of(&firm, own), [lin.person]);
        let given = ProjectInput {
            internal_user_ids: vec![sam.person, sam.person].into(),
            ..titled("Given")
        };
        let given = add(office, lin, given).unwrap();
        assert_eq!(people_of(&firm, given), [sam.person]);
        assert_eq!(titles(office, lin, &ProjectFilter::default(), 9), ["Own"]);
        let change = ProjectInput { internal_user_ids: vec![].into(), ..ProjectInput::default() };
        refused(edit(office, lin, own, change), "internalUserIds", Problem::TooFew(1));
    }

    fn limited_staff_put_on_only_whom_they_see(office) {
        let firm = office.firm("a");
        let (acme, other) = (firm.company("Acme"), firm.company("Other"));
        let (bo, far) = (firm.client("Bo", &[acme]), firm.client("Far", &[other]));
        let lin = firm.limited("Lin", &[acme]);
        let new = ProjectInput { client_ids: vec![bo, far].into(), confirmed: true, ..titled("Audit") };
        refused(add(office, lin, new), "clientIds", Problem::Unknown);
        let new = ProjectInput { company_id: Some(other).into(), ..titled("Audit") };
        refused(add(office, lin, new), "companyId", Problem::Unknown);
        let hidden = firm.project("Hidden", &[bo], &[]);
        not_found(find(office, lin, hidden));
        not_found(edit(office, lin, hidden, with_clients(&[bo])));
        not_found(office.write(move |tx| administration::projects::archive(tx, &lin, hidden, true)));
        // On a shared project, they may keep or remove people whom they cannot see elsewhere.
        let shared = firm.project("Shared", &[far], &[lin.person]);
        edit(office, lin, shared, ProjectInput { confirmed: true, ..with_clients(&[bo, far]) }).unwrap();
        edit(office, lin, shared, with_clients(&[bo])).unwrap();
        refused(
            edit(office, lin, shared, ProjectInput { confirmed: true, ..with_clients(&[bo, far]) }),
            "clientIds",
            Problem::Unknown,
        );
    }

    fn outsiders_find_no_project(office) {
        let firm = office.firm("a");
        let acme = firm.company("Acme");
        let bo = firm.client_actor("Bo", &[acme]);
        let stranger = office.firm("b").ada;
        let project = firm.project("Audit", &[bo.person], &[]);
        for outsider in [stranger, bo] {
            not_found(find(office, outsider, project));
            not_found(edit(office, outsider, project, ProjectInput::default()));
            not_found(office.write(move |tx| administration::projects::archive(tx, &outsider, project, true)));
            not_found(office.read(move |reader| directory::projects::people_of(reader, &outsider, project)));
        }
        not_found(add(office, bo, titled("Mine")));
        not_found(office.read(move |reader| directory::projects::list(reader, &bo, &ProjectFilter::default(), 9)));
        assert!(titles(office, stranger, &ProjectFilter::default(), 9).is_empty());
        let sam = firm.staff("Sam").person;
        for (new, field) in [
            (ProjectInput { client_ids: vec![bo.person].into(), ..titled("Theirs") }, "clientIds"),
            (ProjectInput { internal_user_ids: vec![sam].into(), ..titled("Theirs") }, "internalUserIds"),
            (ProjectInput { company_id: Some(acme).into(), ..titled("Theirs") }, "companyId"),
        ] {
            refused(add(office, stranger, new), field, Problem::Unknown);
        }
    }

    fn bad_input_is_named_at_its_field(office) {
        let firm = office.firm("a");
        let (ada, bo) = (firm.ada, firm.client("Bo", &[]));
        let project = firm.project("Audit", &[], &[]);
        let (nobody, nothing) = (PersonId::new(office.now()), CompanyId::new(office.now()));
        let crowd = vec![bo; 501];
        for (new, field, problem) in [
            (titled(" "), "title", Problem::Empty),
            (titled(&"x".repeat(201)), "title", Problem::TooLong(200)),
            (titled("A\nB"), "title", Problem::ControlCharacters),
            (ProjectInput { company_id: Some(nothing).into(), ..titled("A") }, "companyId", Problem::Unknown),
            (ProjectInput { client_ids: vec![nobody].into(), ..titled("A") }, "clientIds", Problem::Unknown),
            (ProjectInput {
                client_ids: vec![ada.person].into(),
                ..titled("A")
            }, "clientIds", Problem::Unknown),
            (ProjectInput {
                client_ids: crowd.clone().into(),
                ..titled("A")
            }, "clientIds", Problem::TooMany(500)),
            (ProjectInput {
                internal_user_ids: vec![nobody].into(),
                ..titled("A")
            }, "internalUserIds", Problem::Unknown),
            (ProjectInput {
                internal_user_ids: vec![bo].into(),
                ..titled("A")
            }, "internalUserIds", Problem::Unknown),
            (ProjectInput {
                internal_user_ids: crowd.into(),
                ..titled("A")
            }, "internalUserIds", Problem::TooMany(500)),
        ] {
            refused(add(office, ada, new.clone()), field, problem.clone());
            let change = ProjectInput { confirmed: false, ..new.or_cleared() };
            let change = match change.internal_user_ids.items() {
                [] => ProjectInput { internal_user_ids: vec![ada.person].into(), ..change },
                _ => change,
            };
            refused(edit(office, ada, project, change), field, problem);
        }
        assert_eq!(find(office, ada, project).unwrap().title, "Audit");
        assert_eq!(people_of(&firm, project), [ada.person]);
        not_found(find(office, ada, ids::ProjectId::new(office.now())));
    }

    fn archived_projects_are_listed_when_asked_for(office) {
        let firm = office.firm("a");
        let ada = firm.ada;
        let project = firm.project("Bakery", &[], &[]);
        for title in ["audit", "Zoo 100%", "Attic"] {
            firm.project(title, &[], &[]);
        }
        for _ in 0..2 {
            office.write(move |tx| administration::projects::archive(tx, &ada, project, true)).unwrap();
            office.wait_minutes(1);
        }
        assert_eq!(find(office, ada, project).unwrap().archived_at, Some(crate::support::MORNING));
        let filter = |text: &str, archived| ProjectFilter { text: text.to_string(), archived, after: None };
        assert_eq!(titles(office, ada, &filter("", false), 9), ["Attic", "audit", "Zoo 100%"]);
        assert_eq!(titles(office, ada, &filter("A", true), 9), ["Attic", "audit", "Bakery"]);
        assert_eq!(titles(office, ada, &filter("%", true), 9), ["Zoo 100%"]);
        let mut page = filter("", true);
        page.after = office
            .read({
                let first = page.clone();
                move |reader| directory::projects::list(reader, &ada, &first, 2)
            })
            .unwrap()
            .last()
            .map(|last| (last.title.clone(), last.id));
        firm.project("Aaa", &[], &[]);
        assert_eq!(titles(office, ada, &page, 9), ["Bakery", "Zoo 100%"]);
        office.write(move |tx| administration::projects::archive(tx, &ada, project, false)).unwrap();
        assert_eq!(find(office, ada, project).unwrap().archived_at, None);
    }

    fn somebodys_projects_are_those_that_the_one_who_asks_sees(office) {
        let firm = office.firm("a");
        let stranger = office.firm("b").ada;
        let acme = firm.company("Acme");
        let bo = firm.client_actor("Bo", &[acme]);
        let lin = firm.limited("Lin", &[acme]);
        firm.project("Hidden", &[bo.person], &[]);
        firm.project("Shared", &[bo.person], &[lin.person]);
        firm.project("Other", &[], &[lin.person]);
        let of_bo = |actor: Actor| {
            let found = office.read(move |reader| directory::projects::of_person(reader, &actor, bo.person))?;
            Ok(found.into_iter().map(|project| project.title).collect::<Vec<_>>())
        };
        assert_eq!(of_bo(firm.ada).unwrap(), ["Hidden", "Shared"]);
        assert_eq!(of_bo(lin).unwrap(), ["Shared"]);
        assert_eq!(of_bo(stranger).unwrap(), [""; 0]);
        not_found(of_bo(bo));
    }
}
