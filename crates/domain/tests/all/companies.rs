//! Client companies: their names, their people, and which internal users may see them.

use crate::support::Office;
use crate::support::people::{Firm, forbidden, not_found, refused};
use domain::administration::team::InternalInput;
use domain::channels::channel;
use domain::channels::starting::Subject;
use domain::directory::clients;
use domain::directory::companies::{Company, CompanyFilter};
use domain::kernel::access::Actor;
use domain::kernel::error::{self, Problem};
use domain::kernel::ids::CompanyId;
use domain::kernel::journal::Event;
use domain::{administration, directory};

fn add(office: &Office, actor: Actor, name: &str) -> error::Result<CompanyId> {
    let name = name.to_string();
    office.write(move |tx| administration::companies::add(tx, &actor, &name))
}

fn rename(office: &Office, actor: Actor, company: CompanyId, name: &str) -> error::Result<()> {
    let name = name.to_string();
    office.write(move |tx| administration::companies::rename(tx, &actor, company, &name))
}

fn find(office: &Office, actor: Actor, company: CompanyId) -> error::Result<Company> {
    office.read(move |reader| directory::companies::find(reader, &actor, company))
}

fn assign(firm: &Firm<'_>, company: CompanyId, person: Actor, assigned: bool) {
    let ada = firm.ada;
    firm.office
        .write(move |tx| administration::companies::assign(tx, &ada, company, person.person, assigned))
        .unwrap();
}

fn names(office: &Office, actor: Actor, filter: &CompanyFilter, most: i64) -> Vec<String> {
    let filter = filter.clone();
    let found = office.read(move |reader| directory::companies::list(reader, &actor, &filter, most)).unwrap();
    found.into_iter().map(|company| company.name).collect()
}

both_engines! {
    fn c2_renaming_a_company_renames_its_channel(office) {
        let firm = office.firm("a");
        let acme = firm.company("Acme");
        let channel = firm.channel(Subject::Company(acme));
        rename(office, firm.staff("Sam"), acme, " Acme & Co ").unwrap();
        rename(office, firm.ada, acme, "Acme & Co").unwrap();
        let ada = firm.ada;
        let title = office.read(move |reader| channel::find(reader, &ada, channel)).unwrap().title;
        assert_eq!(title, "Acme & Co");
        let updates = firm.told().into_iter().filter(|event| *event == Event::ChannelUpdated { channel });
        assert_eq!(updates.count(), 1);
    }

    fn c3_assigning_opens_a_companys_channels_and_taking_it_back_closes_them(office) {
        let firm = office.firm("a");
        let acme = firm.company("Acme");
        let (bo, lin, sam) = (firm.client("Bo", &[acme]), firm.limited("Lin", &[]), firm.staff("Sam"));
        let cy = firm.client("Cy", &[acme]);
        let all = [
            firm.channel_of(bo),
            firm.channel(Subject::Company(acme)),
            firm.channel(Subject::Group(acme, vec![bo, cy])),
        ];
        for assigned in [true, false, true] {
            assign(&firm, acme, lin, assigned);
            assign(&firm, acme, sam, assigned);
            for channel in all {
                assert_eq!(firm.is_in(channel, lin.person), assigned);
                assert!(firm.is_in(channel, sam.person), "sees all without being assigned");
            }
            assert_eq!(find(office, lin, acme).is_ok(), assigned);
        }
        let people = office.read(move |reader| directory::companies::assigned_to(reader, &sam, acme)).unwrap();
        assert_eq!(people.iter().map(|person| person.id).collect::<Vec<_>>(), [lin.person, sam.person]);
        let people = office.read(move |reader| directory::companies::clients_of(reader, &lin, acme)).unwrap();
        assert_eq!(people.iter().map(|person| person.id).collect::<Vec<_>>(), [bo, cy]);
        // An assignment matters only once access is limited.
        let change = InternalInput { is_client_access_limited: true.into(), ..InternalInput::default() };
        firm.edit_internal(firm.ada, sam.person, change).unwrap();
        assert!(firm.is_in(all[0], sam.person));
        assign(&firm, acme, sam, false);
        assert!(!firm.is_in(all[0], sam.person));
    }

    fn limited_staff_see_what_they_make_and_what_is_assigned(office) {
        let firm = office.firm("a");
        let (acme, other) = (firm.company("Acme"), firm.company("Other"));
        let lin = firm.limited("Lin", &[acme]);
        let made = add(office, lin, "Made").unwrap();
        assert_eq!(names(office, lin, &CompanyFilter::default(), 9), ["Acme", "Made"]);
        assert!(find(office, lin, made).is_ok());
        not_found(find(office, lin, other));
        not_found(rename(office, lin, other, "Mine"));
        not_found(office.read(move |reader| directory::companies::clients_of(reader, &lin, other)));
        not_found(office.read(move |reader| directory::companies::assigned_to(reader, &lin, other)));
        forbidden(office.write(move |tx| administration::companies::assign(tx, &lin, other, lin.person, true)));
    }

    fn outsiders_find_no_company(office) {
        let firm = office.firm("a");
        let acme = firm.company("Acme");
        let stranger = office.firm("b").ada;
        let client = firm.client_actor("Bo", &[acme]);
        let sam = firm.staff("Sam").person;
        for outsider in [stranger, client] {
            not_found(find(office, outsider, acme));
            not_found(rename(office, outsider, acme, "Mine"));
            not_found(office.read(move |reader| directory::companies::clients_of(reader, &outsider, acme)));
            not_found(office.read(move |reader| directory::companies::assigned_to(reader, &outsider, acme)));
            not_found(office.write(move |tx| administration::companies::assign(tx, &outsider, acme, sam, true)));
        }
        not_found(add(office, client, "Mine"));
        not_found(office.read(move |reader| directory::companies::list(reader, &client, &CompanyFilter::default(), 9)));
        assert!(names(office, stranger, &CompanyFilter::default(), 9).is_empty());
        let ada = firm.ada;
        for person in [stranger.person, client.person] {
            not_found(office.write(move |tx| administration::companies::assign(tx, &ada, acme, person, true)));
        }
        // Company names need to be unique only within a workspace.
        assert!(add(office, stranger, "Acme").is_ok());
    }

    fn a_name_is_needed_and_free(office) {
        let firm = office.firm("a");
        let (acme, many) = (firm.company("Éclair"), "x".repeat(201));
        let other = firm.company("Other");
        for (name, problem) in [
            ("", Problem::Empty),
            (" \u{200b}", Problem::Empty),
            (many.as_str(), Problem::TooLong(200)),
            ("A\tB", Problem::ControlCharacters),
            ("A\u{0}", Problem::ControlCharacters),
            (" éCLAIR ", Problem::Taken),
        ] {
            refused(add(office, firm.ada, name), "name", problem.clone());
            refused(rename(office, firm.ada, other, name), "name", problem);
        }
        rename(office, firm.ada, acme, "ÉCLAIR").unwrap();
        assert_eq!(names(office, firm.ada, &CompanyFilter::default(), 9), ["Other", "ÉCLAIR"]);
    }

    fn one_name_goes_to_one_company_at_the_same_instant(office) {
        let firm = office.firm("a");
        let ada = firm.ada;
        let made: usize = std::thread::scope(|scope| {
            let tasks = ["Acme", "ACME"].map(|name| {
                let store = office.store.clone();
                scope.spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                    let outcome = runtime.block_on(store.write(move |tx| administration::companies::add(tx, &ada, name)));
                    if outcome.is_err() {
                        refused(outcome, "name", Problem::Taken);
                        return 0;
                    }
                    1
                })
            });
            tasks.into_iter().map(|task| task.join().unwrap()).sum()
        });
        assert_eq!(made, 1);
    }

    fn lists_are_searched_and_turned_page_by_page(office) {
        let firm = office.firm("a");
        for name in ["Bäcker", "acme", "Zoë 100%", "Delta"] {
            firm.company(name);
        }
        firm.client("Bo", &[]);
        let filter = |text: &str| CompanyFilter { text: text.to_string(), ..CompanyFilter::default() };
        for (text, found) in [("", 4), ("BÄCK", 1), ("zoë", 1), ("%", 1), ("_", 0), ("a", 2), ("\u{0}", 4)]
        {
            assert_eq!(names(office, firm.ada, &filter(text), 9).len(), found, "{text}");
        }
        let with = CompanyFilter { placeholders: true, ..CompanyFilter::default() };
        assert_eq!(names(office, firm.ada, &with, 9), ["", "acme", "Bäcker", "Delta", "Zoë 100%"]);
        let mut seen = Vec::new();
        let mut page = with;
        loop {
            let (ada, filter) = (firm.ada, page.clone());
            let found = office.read(move |reader| directory::companies::list(reader, &ada, &filter, 2)).unwrap();
            let Some(last) = found.last() else { break };
            page.after = Some((last.name.clone(), last.id));
            seen.extend(found.into_iter().map(|company| company.name));
        }
        assert_eq!(seen, ["", "acme", "Bäcker", "Delta", "Zoë 100%"]);
    }

    fn a_placeholder_becomes_a_company_by_its_first_name(office) {
        let firm = office.firm("a");
        let ada = firm.ada;
        let bo = firm.client("Bo", &[]);
        let company = office.read(move |reader| clients::companies_of(reader, &ada, bo)).unwrap()[0].0;
        rename(office, ada, company, "Bo Ltd").unwrap();
        assert_eq!(find(office, ada, company).unwrap().placeholder_at, None);
        let cy = firm.client("Cy", &[company]);
        let channel = firm.channel(Subject::Company(company));
        firm.move_client(bo, &[]);
        assert!(firm.is_in(channel, cy) && !firm.is_in(channel, bo));
        firm.move_client(cy, &[]);
        assert!(find(office, ada, company).is_ok(), "a real company stays when everybody has left");
    }
}
