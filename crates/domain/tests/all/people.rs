//! Client users: created, changed, moved, and found by those who may see them.

use crate::support::Office;
use crate::support::people::{Firm, new_client, new_internal, not_found, refused};
use domain::administration::clients::ClientInput;
use domain::administration::settings::MessagingChange;
use domain::administration::team::InternalInput;
use domain::channels::starting::Subject;
use domain::directory::clients::{ClientFilter, Place};
use domain::directory::companies;
use domain::directory::person::{self, Status};
use domain::kernel::access::{Actor, Role};
use domain::kernel::error::{self, Problem};
use domain::kernel::ids::PersonId;
use domain::kernel::journal::Event;
use domain::tenant::settings::DefaultChannel;
use domain::{administration, directory};

fn add(office: &Office, actor: Actor, new: ClientInput) -> error::Result<PersonId> {
    office.write(move |tx| administration::clients::add_client(tx, &actor, &new))
}

fn find(office: &Office, actor: Actor, client: PersonId) -> error::Result<person::Person> {
    office.read(move |reader| directory::clients::client(reader, &actor, client))
}

fn companies_of(firm: &Firm<'_>, client: PersonId) -> Vec<(String, bool)> {
    let ada = firm.ada;
    let found =
        firm.office.read(move |reader| directory::clients::companies_of(reader, &ada, client)).unwrap();
    found.into_iter().map(|(_, name, placeholder)| (name, placeholder)).collect()
}

both_engines! {
    fn c6_a_new_client_has_a_channel_at_once(office) {
        let firm = office.firm("a");
        let stranger = office.firm("b").ada;
        let sam = firm.staff("Sam");
        let acme = firm.company("Acme");
        let client = add(office, sam, new_client("Bo", &[acme])).unwrap();
        let created = firm.told().iter().find_map(|event| match event {
            Event::ChannelCreated { channel } => Some(*channel),
            _ => None,
        });
        let channel = firm.channel_of(client);
        assert_eq!(created, Some(channel));
        for member in [client, sam.person, firm.ada.person] {
            assert!(firm.is_in(channel, member));
        }
        assert!(!firm.is_in(channel, stranger.person));
        assert_eq!(find(office, sam, client).unwrap().status(), Status::NotInvited);
    }

    fn c6_a_new_client_joins_the_companys_channel_where_the_workspace_says_so(office) {
        let firm = office.firm("a");
        firm.sets(MessagingChange { default_channel: Some(DefaultChannel::Company), ..MessagingChange::default() });
        let acme = firm.company("Acme");
        let other = firm.client("Cy", &[firm.company("Other")]);
        let (bo, di) = (firm.client("Bo", &[acme]), firm.client("Di", &[acme]));
        let channel = firm.channel(Subject::Company(acme));
        assert!(firm.is_in(channel, bo) && firm.is_in(channel, di) && !firm.is_in(channel, other));
        // Client users without a company have a channel of their own, too.
        let ed = firm.client("Ed", &[]);
        let own = firm.channel_of(ed);
        let created =
            firm.told().iter().filter(|event| matches!(event, Event::ChannelCreated { .. })).count();
        assert!(firm.is_in(own, ed));
        assert_eq!(created, 3);
    }

    fn c3_joining_a_company_joins_its_channel_and_leaving_ends_access(office) {
        let firm = office.firm("a");
        let (acme, other) = (firm.company("Acme"), firm.company("Other"));
        let channel = firm.channel(Subject::Company(acme));
        let bo = firm.client("Bo", &[other]);
        assert!(!firm.is_in(channel, bo));
        firm.move_client(bo, &[acme, other, acme]);
        assert!(firm.is_in(channel, bo));
        firm.move_client(bo, &[other]);
        assert!(!firm.is_in(channel, bo));
        let told = firm.told();
        assert!(told.contains(&Event::MembersChanged { channel, joined: vec![bo], left: vec![] }));
        assert!(told.contains(&Event::MembersChanged { channel, joined: vec![], left: vec![bo] }));
    }

    fn c3_limited_staff_follow_a_clients_companies(office) {
        let firm = office.firm("a");
        let (acme, other) = (firm.company("Acme"), firm.company("Other"));
        let lin = firm.limited("Lin", &[acme]);
        let bo = firm.client("Bo", &[other]);
        let channel = firm.channel_of(bo);
        assert!(!firm.is_in(channel, lin.person));
        firm.move_client(bo, &[acme]);
        assert!(firm.is_in(channel, lin.person));
        assert!(find(office, lin, bo).is_ok());
        firm.move_client(bo, &[]);
        assert!(!firm.is_in(channel, lin.person));
        not_found(find(office, lin, bo));
    }

    fn c9_moving_to_another_company_leaves_its_groups_for_good(office) {
        let firm = office.firm("a");
        let (acme, other) = (firm.company("Acme"), firm.company("Other"));
        let (bo, cy) = (firm.client("Bo", &[acme]), firm.client("Cy", &[acme, other]));
        let group = firm.channel(Subject::Group(acme, vec![bo, cy]));
        assert!(firm.is_in(group, bo) && firm.is_in(group, cy));
        firm.move_client(cy, &[other]);
        assert!(firm.is_in(group, bo) && !firm.is_in(group, cy));
        assert!(firm.told().contains(&Event::ChannelUpdated { channel: group }));
        firm.move_client(cy, &[acme]);
        assert!(!firm.is_in(group, cy));
    }

    fn c4_a_move_that_makes_clients_meet_in_a_project_has_to_be_told(office) {
        let firm = office.firm("a");
        let (acme, other) = (firm.company("Acme"), firm.company("Other"));
        let (bo, cy) = (firm.client("Bo", &[acme]), firm.client("Cy", &[acme]));
        firm.project("Audit", &[bo, cy], &[]);
        let change = ClientInput { company_ids: vec![other].into(), ..ClientInput::default() };
        refused(firm.edit_client(firm.ada, cy, change.clone()), "companyIds", Problem::ClientsMeet);
        assert_eq!(companies_of(&firm, cy), [("Acme".to_string(), false)]);
        firm.edit_client(firm.ada, cy, ClientInput { confirmed: true, ..change }).unwrap();
        // These clients meet already, so no confirmation is needed.
        firm.move_client(cy, &[]);
    }

    fn c2_a_clients_new_name_is_told_where_it_is_the_title(office) {
        let firm = office.firm("a");
        let acme = firm.company("Acme");
        let (bo, cy) = (firm.client("Bo", &[acme]), firm.client("Cy", &[acme]));
        let (own, group) = (firm.channel_of(bo), firm.channel(Subject::Group(acme, vec![bo, cy])));
        let change = ClientInput { given_name: " Bea ".to_string().into(), ..ClientInput::default() };
        firm.edit_client(firm.ada, bo, change.clone()).unwrap();
        firm.edit_client(firm.ada, bo, change).unwrap();
        assert_eq!(find(office, firm.ada, bo).unwrap().name.full(), "Bea Client");
        for channel in [own, group] {
            let updates = firm.told().into_iter().filter(|event| *event == Event::ChannelUpdated { channel });
            assert_eq!(updates.count(), 1);
        }
    }

    fn a_client_without_a_company_has_a_placeholder_of_their_own(office) {
        let firm = office.firm("a");
        let bo = firm.client("Bo", &[]);
        assert_eq!(companies_of(&firm, bo), [(String::new(), true)]);
        let ada = firm.ada;
        let placeholder = office.read(move |reader| directory::clients::companies_of(reader, &ada, bo)).unwrap()[0].0;
        refused(add(office, ada, new_client("Cy", &[placeholder])), "companyIds", Problem::Unknown);
        // Submitting the placeholder keeps it; adding a real company removes it, even if a project was assigned to it.
        firm.move_client(bo, &[placeholder]);
        assert_eq!(companies_of(&firm, bo), [(String::new(), true)]);
        let new = administration::projects::ProjectInput {
            title: "Tax".to_string().into(),
            company_id: Some(placeholder).into(),
            ..Default::default()
        };
        let project = office.write(move |tx| administration::projects::add(tx, &ada, &new)).unwrap();
        let acme = firm.company("Acme");
        firm.move_client(bo, &[placeholder, acme]);
        assert_eq!(companies_of(&firm, bo), [("Acme".to_string(), false)]);
        not_found(office.read(move |reader| companies::find(reader, &ada, placeholder)));
        assert_eq!(
            office.read(move |reader| directory::projects::find(reader, &ada, project)).unwrap().company,
            None
        );
        firm.move_client(bo, &[]);
        assert_eq!(companies_of(&firm, bo), [(String::new(), true)]);
    }

    fn a_new_company_is_made_with_its_client_or_found(office) {
        let firm = office.firm("a");
        let acme = firm.company("Acme");
        let named = |given, name: &str, companies: &[_]| ClientInput {
            new_company: name.to_string(),
            ..new_client(given, companies)
        };
        let bo = add(office, firm.ada, named("Bo", " ACME ", &[])).unwrap();
        assert_eq!(companies_of(&firm, bo), [("Acme".to_string(), false)]);
        let cy = add(office, firm.ada, named("Cy", "Beta", &[acme])).unwrap();
        assert_eq!(companies_of(&firm, cy), [("Acme".to_string(), false), ("Beta".to_string(), false)]);
        let di = add(office, firm.ada, named("Di", "acme", &[acme])).unwrap();
        assert_eq!(companies_of(&firm, di).len(), 1);
    }

    fn limited_staff_see_and_give_only_what_is_assigned(office) {
        let firm = office.firm("a");
        let (acme, other) = (firm.company("Acme"), firm.company("Other"));
        let lin = firm.limited("Lin", &[acme]);
        let far = firm.client("Far", &[other]);
        let both = firm.client("Both", &[acme, other]);
        refused(add(office, lin, new_client("Bo", &[other])), "companyIds", Problem::Unknown);
        let named = ClientInput { new_company: "other".to_string(), ..new_client("Bo", &[]) };
        refused(add(office, lin, named), "newCompany", Problem::Taken);
        for (given, name) in [("Bo", "Fresh"), ("Cy", "")] {
            let new = ClientInput { new_company: name.to_string(), ..new_client(given, &[]) };
            let client = add(office, lin, new).unwrap();
            assert!(find(office, lin, client).is_ok(), "assigned to what they made");
            assert!(firm.is_in(firm.channel_of(client), lin.person));
        }
        not_found(find(office, lin, far));
        not_found(firm.edit_client(lin, far, ClientInput::default()));
        not_found(firm.deactivate(lin, far));
        let seen =
            office.read(move |reader| directory::clients::clients(reader, &lin, &ClientFilter::default(), 9)).unwrap();
        assert_eq!(
            seen.iter().map(|person| person.name.given.as_str()).collect::<Vec<_>>(),
            ["Bo", "Both", "Cy"]
        );
        let filter = ClientFilter { company: Some(other), ..ClientFilter::default() };
        not_found(office.read(move |reader| directory::clients::clients(reader, &lin, &filter, 9)));
        // Companies that the actor cannot see are not removed.
        assert_eq!(office.read(move |reader| directory::clients::companies_of(reader, &lin, both)).unwrap().len(), 1);
        let change = ClientInput { company_ids: vec![].into(), ..ClientInput::default() };
        firm.edit_client(lin, both, change).unwrap();
        assert_eq!(companies_of(&firm, both), [("Other".to_string(), false)]);
        not_found(find(office, lin, both));
    }

    fn outsiders_find_nobody(office) {
        let firm = office.firm("a");
        let stranger = office.firm("b").ada;
        let acme = firm.company("Acme");
        let bo = firm.client("Bo", &[acme]);
        let sam = firm.staff("Sam").person;
        for outsider in [stranger, firm.client_actor("Cy", &[acme]), firm.actor(bo).unwrap()] {
            not_found(find(office, outsider, bo));
            not_found(office.read(move |reader| directory::clients::companies_of(reader, &outsider, bo)));
            not_found(office.read(move |reader| directory::team::internal(reader, &outsider, sam)));
            not_found(office.read(move |reader| directory::team::assignments(reader, &outsider, sam)));
            not_found(firm.edit_client(outsider, bo, ClientInput::default()));
            not_found(firm.edit_internal(outsider, sam, InternalInput::default()));
            for person in [bo, sam] {
                not_found(firm.deactivate(outsider, person));
                not_found(firm.reactivate(outsider, person));
            }
        }
        let cy = firm.client_actor("Di", &[acme]);
        not_found(office.read(move |reader| directory::clients::clients(reader, &cy, &ClientFilter::default(), 9)));
        not_found(office.read(move |reader| directory::team::internal_users(reader, &cy)));
        not_found(add(office, cy, new_client("Ed", &[acme])));
        not_found(office.write(move |tx| administration::team::add_internal(tx, &cy, &new_internal("Ed", Role::Staff))));
        let mine = office.read(move |reader| directory::clients::clients(reader, &stranger, &ClientFilter::default(), 9));
        assert_eq!(mine.unwrap(), []);
        refused(add(office, stranger, new_client("Ed", &[acme])), "companyIds", Problem::Unknown);
        let ada = firm.ada;
        not_found(office.read(move |reader| directory::team::internal(reader, &ada, bo)));
        not_found(find(office, ada, sam));
        // Addresses need to be unique only within a workspace.
        assert!(add(office, stranger, new_client("Bo", &[])).is_ok());
    }

    fn bad_input_is_named_at_its_field(office) {
        let firm = office.firm("a");
        firm.client("Taken", &[]);
        let many = "x".repeat(201);
        for (given, family, email, phone, field, problem) in [
            ("", " ", "a@b.example", "", "givenName", Problem::Empty),
            ("\u{200b}", "", "a@b.example", "", "givenName", Problem::Empty),
            (many.as_str(), "", "a@b.example", "", "givenName", Problem::TooLong(200)),
            ("A", many.as_str(), "a@b.example", "", "familyName", Problem::TooLong(200)),
            ("A\u{0}", "", "a@b.example", "", "givenName", Problem::ControlCharacters),
            ("A", "B\nC", "a@b.example", "", "familyName", Problem::ControlCharacters),
            ("A", "", "", "", "email", Problem::Empty),
            ("A", "", "a b", "", "email", Problem::NoAddress),
            ("A", "", "TAKEN@client.Example", "", "email", Problem::Taken),
            ("A", "", "Ada@Firm.example", "", "email", Problem::Taken),
            ("A", "", "a@b.example", "0123", "phone", Problem::NoNumber),
        ] {
            let new = ClientInput {
                given_name: given.to_string().into(),
                family_name: family.to_string().into(),
                email: email.to_string().into(),
                phone: phone.to_string().into(),
                ..ClientInput::default()
            };
            refused(add(office, firm.ada, new.clone()), field, problem.clone());
            let client = firm.client("Spare", &[]);
            refused(firm.edit_client(firm.ada, client, new), field, problem);
            firm.edit_client(
                firm.ada,
                client,
                ClientInput { email: format!("{client}@client.example").into(), ..ClientInput::default() },
            )
            .unwrap();
        }
        let many = vec![firm.company("Acme"); 501];
        refused(add(office, firm.ada, new_client("Bo", &many)), "companyIds", Problem::TooMany(500));
    }

    fn lists_of_clients_lose_nobody_while_others_are_added(office) {
        let firm = office.firm("a");
        let ada = firm.ada;
        for given in ["bo", "Cy", "Al", "Di", "Ed"] {
            firm.client(given, &[]);
        }
        let page = |after: Option<Place>| {
            let filter = ClientFilter { after, ..ClientFilter::default() };
            office.read(move |reader| directory::clients::clients(reader, &ada, &filter, 2)).unwrap()
        };
        let first = page(None);
        // People are added on both sides of the page boundary, and the one at the boundary is renamed: no one is skipped.
        firm.client("Aa", &[]);
        firm.client("Cz", &[]);
        let change = ClientInput { given_name: "Zo".to_string().into(), ..ClientInput::default() };
        firm.edit_client(ada, first[1].id, change).unwrap();
        let second = page(Some(Place::of(&first[1])));
        let third = page(Some(Place::of(&second[1])));
        let given: Vec<_> =
            first.iter().chain(&second).chain(&third).map(|person| person.name.given.clone()).collect();
        assert_eq!(given, ["Al", "bo", "Cy", "Cz", "Di", "Ed"]);
    }

    fn searching_takes_every_character_as_it_is(office) {
        let firm = office.firm("a");
        let (ada, acme) = (firm.ada, firm.company("Acme"));
        for given in ["100%", "a_b", "Ivan", "Иван"] {
            firm.client_named(given, &[acme]);
        }
        for (text, found) in [
            ("", 4),
            ("%", 1),
            ("_", 1),
            ("!", 0),
            ("  ivan ", 1),
            ("Иван", 1),
            ("ivan client", 1),
            ("@client.example", 4),
            ("\u{0}", 4),
            ("'; DROP TABLE people; --", 0),
            ("\\", 0),
        ] {
            let filter = ClientFilter { text: text.to_string(), company: Some(acme), after: None };
            let answer = office.read(move |reader| directory::clients::clients(reader, &ada, &filter, 9)).unwrap();
            assert_eq!(answer.len(), found, "{text:?}");
        }
        let filter = ClientFilter { text: "%".repeat(100_000), ..ClientFilter::default() };
        assert_eq!(office.read(move |reader| directory::clients::clients(reader, &ada, &filter, 9)).unwrap(), []);
    }

    fn addresses_are_compared_without_regard_to_case(office) {
        let firm = office.firm("a");
        let (workspace, bo) = (firm.workspace, firm.client("Bo", &[]));
        let stranger = office.firm("b").workspace;
        let by_email = |workspace, email: &str| {
            let email = email.to_string();
            office
                .read(move |reader| person::by_email(reader, workspace, &email))
                .unwrap()
                .map(|person| person.id)
        };
        assert_eq!(by_email(workspace, " BO@Client.example "), Some(bo));
        assert_eq!(by_email(workspace, "bo@client.example\u{0}x"), None);
        assert_eq!(by_email(stranger, "bo@client.example"), None);
        let change = ClientInput { email: "BO@client.example".to_string().into(), ..ClientInput::default() };
        firm.edit_client(firm.ada, bo, change).unwrap();
    }
}
