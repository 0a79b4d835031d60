//! API clients may do everything in their own workspace and nothing in another (D2, D4), and what deleting means.

use std::time::Duration;

use crate::support::Office;
use crate::support::people::{Firm, forbidden, new_client, not_found, refused};
use domain::administration::clients::ClientInput;
use domain::administration::companies::CompanyInput;
use domain::administration::deletion;
use domain::arrival::{invitations, sign_in};
use domain::channels::list::{self, Search};
use domain::channels::starting::{self, Subject};
use domain::channels::{acting_as, channel};
use domain::directory::companies::CompanySearch;
use domain::directory::people_list::{self, ClientSearch};
use domain::identity::sign_in_links;
use domain::kernel::access::Actor;
use domain::kernel::error::{self, Error, Problem};
use domain::kernel::idempotency::{self, Question};
use domain::kernel::ids::{self, CompanyId, KeyId, PersonId};
use domain::kernel::journal::Event;
use domain::messages::{message, search, sending};
use domain::tenant::api_keys;
use domain::{administration, directory};

impl Firm<'_> {
    /// An API client with a key created by the first admin.
    fn program(&self) -> Actor {
        let ada = self.ada;
        let secret = self.office.write(move |tx| api_keys::create(tx, &ada, "Import")).unwrap();
        let secret = secret.reveal().to_string();
        let found = self.office.read(move |reader| api_keys::of_secret(reader, &secret)).unwrap();
        found.unwrap().0
    }
}

fn delete_client(office: &Office, who: Actor, client: PersonId) -> error::Result<()> {
    office.write(move |tx| deletion::delete_client(tx, &who, client))
}

fn delete_company(office: &Office, who: Actor, company: CompanyId) -> error::Result<()> {
    office.write(move |tx| administration::companies::delete(tx, &who, company))
}

fn companies_of(office: &Office, who: Actor, client: PersonId) -> Vec<(CompanyId, String, bool)> {
    office.read(move |reader| directory::clients::companies_of(reader, &who, client)).unwrap()
}

const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);

both_engines! {
    fn a_program_reads_and_changes_channels_that_its_admin_is_not_in(office) {
        let (firm, other) = (office.firm("a"), office.firm("b"));
        let (bo, sam) = (firm.client_actor("Bo", &[]), firm.staff("Sam"));
        let project = firm.project("Tower", &[bo.person], &[sam.person]);
        let channel = office.write(move |tx| starting::create(tx, &sam, &Subject::Project(project))).unwrap();
        let message = office.posts(bo, channel, "Hello");
        not_found(office.sees(firm.ada, channel));
        not_found(office.edits(firm.ada, message.id, "Bye"));

        let program = firm.program();
        let seen = office.sees(program, channel).unwrap();
        assert_eq!((seen.title.as_str(), seen.unread), ("Tower", 0));
        assert_eq!(office.texts(program, channel), ["Hello"]);
        assert_eq!(office.edits(program, message.id, "Bye").unwrap().author, bo.person);
        let says = |who: Actor, sender: Option<PersonId>| {
            let draft = office.draft(channel, "Well", None);
            office.write(move |tx| sending::send_as(tx, &who, sender, &draft))
        };
        // An API client acts as its key's admin, who cannot post in a channel without being a member.
        forbidden(office.sends(program, &office.draft(channel, "Psst", None)));
        refused(says(program, None), "senderId", Problem::NoMember);
        refused(says(program, Some(PersonId::new(office.now()))), "senderId", Problem::Unknown);
        refused(says(program, Some(other.ada.person)), "senderId", Problem::Unknown);
        assert_eq!(says(program, Some(bo.person)).unwrap().author, bo.person);
        let reads = |reader: Option<PersonId>, id| {
            office.write(move |tx| acting_as::read_as(tx, &program, reader, channel, id))
        };
        refused(reads(None, message.id), "readerId", Problem::NoMember);
        refused(reads(Some(sam.person), office.message_id()), "messageId", Problem::Unknown);
        assert_eq!(reads(Some(sam.person), message.id).unwrap(), 1);
        assert_eq!(office.unread(sam, channel), 1);
        office.deletes(program, message.id).unwrap();
        assert_eq!(office.texts(bo, channel), ["", "Well"]);

        let stranger = other.program();
        not_found(office.sees(stranger, channel));
        not_found(office.edits(stranger, message.id, "Bye"));
        not_found(says(stranger, None));
        not_found(office.page(stranger, channel, message::Window::Newest, 9));
        assert!(office.read(move |reader| list::newest(reader, &stranger, &Search::default(), 9)).unwrap().is_empty());
    }

    fn a_program_looks_after_channels_and_finds_messages_that_its_admin_does_not_see(office) {
        let (firm, other) = (office.firm("a"), office.firm("b"));
        let bo = firm.client_actor("Bo", &[]);
        // Ids of the same millisecond are ordered only within one thread, and PostgreSQL uses several.
        office.wait(Duration::from_millis(1));
        let sam = firm.staff("Sam");
        let project = firm.project("Tower", &[bo.person], &[sam.person]);
        let channel = office.write(move |tx| starting::create(tx, &sam, &Subject::Project(project))).unwrap();
        office.posts(bo, channel, "The foundation is ready");
        let (program, stranger) = (firm.program(), other.program());
        office.write(|tx| search::catch_up(tx)).unwrap();
        let finds = |who: Actor, channel| {
            let found = office.read(move |reader| search::messages(reader, &who, "foundation", channel, None, 9));
            found.map(|found| found.len())
        };
        assert_eq!(finds(program, None).unwrap(), 1);
        assert_eq!(finds(program, Some(channel)).unwrap(), 1);
        assert_eq!(finds(firm.ada, None).unwrap(), 0);
        assert_eq!(finds(stranger, None).unwrap(), 0);
        not_found(finds(stranger, Some(channel)));

        let listed = |who: Actor, before| office.read(move |reader| acting_as::newest(reader, &who, channel, before, 1));
        assert_eq!(listed(program, None).unwrap()[0].person, sam.person);
        assert_eq!(listed(program, Some(sam.person)).unwrap()[0].person, bo.person);
        not_found(listed(stranger, None));
        let stands_in = |who: Actor, person| office.read(move |reader| acting_as::act_as(reader, &who, channel, person));
        assert_eq!(stands_in(program, sam.person).unwrap(), sam);
        assert!(matches!(stands_in(program, bo.person), Err(Error::Conflict(_))));
        not_found(stands_in(program, firm.ada.person));
        not_found(stands_in(stranger, sam.person));
    }

    fn a_program_of_an_admin_with_limited_access_sees_everything(office) {
        let firm = office.firm("a");
        let acme = firm.company("Acme");
        office.wait(Duration::from_millis(1));
        let bolt = firm.company("Bolt");
        let ada = firm.ada;
        let change = administration::team::InternalInput {
            is_client_access_limited: true.into(),
            ..Default::default()
        };
        let eve = firm.admin("Eve");
        firm.edit_internal(eve, ada.person, change).unwrap();
        let limited = firm.actor(ada.person).unwrap();
        not_found(office.read(move |reader| directory::companies::find(reader, &limited, acme)));
        let program = firm.program();
        let newest = office.read(move |reader| directory::companies::newest(reader, &program, &CompanySearch::default(), 9)).unwrap();
        assert_eq!(newest.iter().map(|company| company.id).collect::<Vec<_>>(), [bolt, acme]);
    }

    fn lists_of_programs_hold_each_once_while_others_are_added(office) {
        let firm = office.firm("a");
        let program = firm.program();
        let mut made: Vec<PersonId> = (0..7).map(|number| firm.client(&format!("C{number}"), &[])).collect();
        made.sort_unstable();
        made.reverse();
        let (mut found, mut search) = (Vec::new(), ClientSearch::default());
        loop {
            office.wait(Duration::from_millis(1));
            let asked = search.clone();
            let page = office.read(move |reader| people_list::clients_newest(reader, &program, &asked, 3)).unwrap();
            let Some(last) = page.last() else { break };
            search.before = Some(last.id);
            found.extend(page.iter().map(|client| client.id));
            firm.client_named("Later", &[]);
        }
        assert_eq!(found, made);
    }

    fn programs_filter_by_exact_values(office) {
        let firm = office.firm("a");
        let program = firm.program();
        let (acme, bolt) = (firm.company("Acme"), firm.company("Bolt"));
        let bo = firm.client("Bo", &[acme, bolt]);
        let cy = firm.client("Cy", &[bolt]);
        let search = |search: ClientSearch| {
            let found = office.read(move |reader| people_list::clients_newest(reader, &program, &search, 9)).unwrap();
            let mut found: Vec<PersonId> = found.into_iter().map(|client| client.id).collect();
            found.sort_unstable();
            found
        };
        let mut both = vec![bo, cy];
        both.sort_unstable();
        assert_eq!(search(ClientSearch::default()), both);
        assert_eq!(search(ClientSearch { company: Some(bolt), ..Default::default() }), both);
        assert_eq!(search(ClientSearch { company: Some(acme), ..Default::default() }), [bo]);
        assert_eq!(search(ClientSearch { given_name: Some("Cy".into()), ..Default::default() }), [cy]);
        assert_eq!(search(ClientSearch { email: Some("bo@client.example".into()), ..Default::default() }), [bo]);
        assert!(search(ClientSearch { given_name: Some("c".into()), ..Default::default() }).is_empty());
        assert!(search(ClientSearch { family_name: Some("%".into()), ..Default::default() }).is_empty());

        let (company, own) = (firm.channel(Subject::Company(bolt)), firm.channel_of(bo));
        let group = firm.channel(Subject::Group(bolt, vec![bo, cy]));
        let channels = |search: Search| {
            let found = office.read(move |reader| list::newest(reader, &program, &search, 9)).unwrap();
            found.into_iter().map(|channel| channel.id).collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(channels(Search { entity: Some(bolt.0), ..Default::default() }), [company, group].into());
        assert_eq!(channels(Search { client: Some(bo), ..Default::default() }), [own].into());
        assert_eq!(channels(Search { member: Some(bo), ..Default::default() }), [own, company, group].into());
        assert_eq!(channels(Search { kind: Some(channel::Kind::Group), ..Default::default() }), [group].into());
    }

    fn the_companies_of_a_client_stand_in_the_order_in_which_they_were_given(office) {
        let firm = office.firm("a");
        let (acme, bolt, core) = (firm.company("Acme"), firm.company("Bolt"), firm.company("Core"));
        let bo = firm.client("Bo", &[bolt, acme]);
        let order = || -> Vec<CompanyId> {
            let workspace = firm.workspace;
            office.read(move |reader| directory::clients::ordered_companies(reader, workspace, bo)).unwrap()
        };
        assert_eq!(order(), [bolt, acme]);
        firm.move_client(bo, &[core, bolt]);
        assert_eq!(order(), [core, bolt]);
        firm.move_client(bo, &[bolt, core]);
        assert_eq!(order(), [bolt, core]);
    }

    fn c3_a_deleted_client_is_gone_and_what_they_wrote_stays(office) {
        let firm = office.firm("a");
        let acme = firm.company("Acme");
        let bo = firm.client_actor("Bo", &[acme]);
        let (own, company) = (firm.channel_of(bo.person), firm.channel(Subject::Company(acme)));
        let project = firm.project("Tower", &[bo.person], &[firm.ada.person]);
        let priya = firm.limited("Priya", &[acme]);
        office.posts(bo, own, "Hello");
        let ada = firm.ada;
        not_found(delete_client(office, bo, bo.person));
        not_found(delete_client(office, office.firm("b").program(), bo.person));
        delete_client(office, firm.program(), bo.person).unwrap();

        assert_eq!(firm.actor(bo.person), None);
        assert!(!firm.is_in(own, bo.person) && !firm.is_in(company, bo.person));
        not_found(delete_client(office, ada, bo.person));
        not_found(firm.edit_client(ada, bo.person, ClientInput::default()));
        not_found(office.write(move |tx| invitations::invite(tx, &ada, bo.person)));
        not_found(office.write(move |tx| starting::create(tx, &ada, &Subject::Client(bo.person))));
        assert!(office.read(move |reader| directory::clients::clients(reader, &ada, &Default::default(), 9)).unwrap().is_empty());
        assert!(office.read(move |reader| directory::companies::clients_of(reader, &ada, acme)).unwrap().is_empty());
        let people = office.read(move |reader| directory::projects::people_of(reader, &ada, project)).unwrap();
        assert_eq!(people.iter().map(|person| person.id).collect::<Vec<_>>(), [ada.person]);
        for reader in [ada, priya] {
            let channel = office.sees(reader, own).unwrap();
            assert_eq!((channel.title.as_str(), channel.archived_at.is_some()), ("Bo Client", true));
            assert_eq!(office.texts(reader, own), ["Hello"]);
        }
        // The address can be used again, for a different person.
        let again = firm.client("Bo", &[acme]);
        assert_ne!(firm.channel_of(again), own);
        assert!(firm.told().contains(&Event::ClientDeleted { client: bo.person }));
    }

    fn c3_a_deleted_company_lets_its_clients_go(office) {
        let firm = office.firm("a");
        let (acme, bolt) = (firm.company("Acme"), firm.company("Bolt"));
        let (bo, cy) = (firm.client_actor("Bo", &[acme]), firm.client_actor("Cy", &[acme, bolt]));
        let (channel, group) =
            (firm.channel(Subject::Company(acme)), firm.channel(Subject::Group(acme, vec![bo.person, cy.person])));
        office.posts(bo, channel, "Hello");
        let ada = firm.ada;
        not_found(delete_company(office, bo, acme));
        delete_company(office, ada, acme).unwrap();

        for client in [bo.person, cy.person] {
            assert!(!firm.is_in(channel, client) && !firm.is_in(group, client));
        }
        let of_bo = companies_of(office, ada, bo.person);
        assert!(matches!(of_bo.as_slice(), [(_, name, true)] if name.is_empty()), "{of_bo:?}");
        assert_eq!(companies_of(office, ada, cy.person), [(bolt, "Bolt".to_string(), false)]);
        not_found(delete_company(office, ada, acme));
        not_found(office.read(move |reader| directory::companies::find(reader, &ada, acme)));
        let listed = office.read(move |reader| directory::companies::list(reader, &ada, &Default::default(), 9)).unwrap();
        assert_eq!(listed.iter().map(|company| company.id).collect::<Vec<_>>(), [bolt]);
        refused(
            office.write(move |tx| administration::clients::add_client(tx, &ada, &new_client("Di", &[acme]))),
            "companyIds",
            Problem::Unknown,
        );
        let read = office.sees(ada, channel).unwrap();
        assert_eq!((read.title.as_str(), read.archived_at.is_some()), ("Acme", true));
        assert_eq!(office.texts(ada, channel), ["Hello"]);
        let again = firm.company("Acme");
        assert_ne!(firm.channel(Subject::Company(again)), channel);
    }

    fn c3_a_deleted_project_stays_readable_for_the_internal_users_on_it(office) {
        let firm = office.firm("a");
        let bo = firm.client_actor("Bo", &[]);
        let project = firm.project("Tower", &[bo.person], &[firm.ada.person]);
        let channel = firm.channel(Subject::Project(project));
        office.posts(bo, channel, "Hello");
        let ada = firm.ada;
        not_found(office.write(move |tx| administration::projects::delete(tx, &bo, project)));
        office.write(move |tx| administration::projects::delete(tx, &ada, project)).unwrap();
        not_found(office.write(move |tx| administration::projects::delete(tx, &ada, project)));
        not_found(office.sees(bo, channel));
        assert_eq!(office.texts(ada, channel), ["Hello"]);
        assert!(office.read(move |reader| directory::projects::of_person(reader, &ada, bo.person)).unwrap().is_empty());
        assert!(office.read(move |reader| directory::projects::newest(reader, &ada, None, 9)).unwrap().is_empty());
    }

    fn a_deleted_colleague_is_gone_with_their_keys_but_never_the_last_admin(office) {
        let firm = office.firm("a");
        let (ada, eve, sam) = (firm.ada, firm.admin("Eve"), firm.staff("Sam"));
        let secret = office.write(move |tx| api_keys::create(tx, &eve, "Eve's")).unwrap().reveal().to_string();
        let delete = |who: Actor, person: PersonId| office.write(move |tx| deletion::delete_internal(tx, &who, person));
        forbidden(delete(sam, eve.person));
        not_found(delete(ada, firm.client("Bo", &[])));
        delete(ada, eve.person).unwrap();
        assert!(office.read(move |reader| api_keys::of_secret(reader, &secret)).unwrap().is_none());
        not_found(delete(ada, eve.person));
        assert!(matches!(
            delete(ada, ada.person),
            Err(Error::Field { field: "role", problem: Problem::LastAdmin })
        ));
        let team = office.read(move |reader| directory::team::internal_users(reader, &ada)).unwrap();
        assert_eq!(team.len(), 2);
        assert!(firm.admin("Eve").person != eve.person);
    }

    fn what_happens_to_people_and_places_is_told_once(office) {
        let firm = office.firm("a");
        let program = firm.program();
        let ada = firm.ada;
        let before = firm.told().len();
        let told = || -> Vec<String> {
            let kinds = firm.told().split_off(before);
            let of_others = ["members.changed", "messageChannel.created", "fileChannel.created", "messageChannel.updated", "message.sent"];
            kinds.iter().map(|event| event.kind().to_string()).filter(|kind| !of_others.contains(&kind.as_str())).collect()
        };
        let acme = firm.company("Acme");
        let bo = office.write(move |tx| administration::clients::add_client(tx, &program, &new_client("Bo", &[acme]))).unwrap();
        assert_eq!(told(), ["company.created", "client.created"]);
        let made = office.read(move |reader| directory::clients::client(reader, &ada, bo)).unwrap();
        assert_eq!(made.made_by, "api");
        firm.edit_client(ada, bo, ClientInput::default()).unwrap();
        firm.move_client(bo, &[acme]);
        assert_eq!(told().len(), 2, "nothing changed");
        let both = ClientInput {
            given_name: "Bob".to_string().into(),
            company_ids: vec![].into(),
            ..Default::default()
        };
        firm.edit_client(ada, bo, both).unwrap();
        office.write(move |tx| invitations::invite(tx, &ada, bo)).unwrap();
        for _ in 0..2 {
            let workspace = firm.workspace;
            let link = office
                .write(move |tx| sign_in_links::create_link(tx, workspace, bo, sign_in_links::LinkKind::Command))
                .unwrap();
            office.write(move |tx| sign_in::by_link(tx, link.reveal())).unwrap();
        }
        assert_eq!(told()[2..], ["company.created", "client.updated", "client.updated", "client.activated"]);
        let project = firm.project("Tower", &[bo], &[]);
        office.write(move |tx| administration::projects::edit(tx, &ada, project, &Default::default())).unwrap();
        office.write(move |tx| administration::projects::archive(tx, &ada, project, true)).unwrap();
        office.write(move |tx| administration::projects::delete(tx, &ada, project)).unwrap();
        office.write(move |tx| administration::companies::rename(tx, &ada, acme, "Acme")).unwrap();
        let color = CompanyInput { fallback_color: "#9BBFFF".to_string().into(), ..CompanyInput::default() };
        office.write(move |tx| administration::companies::edit(tx, &ada, acme, &color)).unwrap();
        delete_company(office, ada, acme).unwrap();
        assert_eq!(
            told()[6..],
            ["project.created", "project.updated", "project.deleted", "company.updated", "company.deleted"]
        );
    }

    fn an_answer_is_given_again_for_a_day_and_only_for_the_same_question(office) {
        let (firm, other) = (office.firm("a"), office.firm("b"));
        let (ada, eve) = (firm.ada, other.ada);
        let key = KeyId::new(office.now());
        let question = Question { key, name_hash: [1; 32], request_hash: [2; 32] };
        let ask = |who: Actor, question: Question, answer: &'static [u8]| {
            office.write(move |tx| match idempotency::known(tx, &who, &question)? {
                Some(first) => Ok((first, false)),
                None => {
                    administration::clients::add_client(tx, &who, &ClientInput {
                        given_name: "New".to_string().into(),
                        email: format!("{}@client.example", ids::MessageId::new(tx.now())).into(),
                        ..Default::default()
                    })?;
                    idempotency::record_answer(tx, &who, &question, answer)?;
                    Ok((answer.to_vec(), true))
                }
            })
        };
        assert_eq!(ask(ada, question, b"first").unwrap(), (b"first".to_vec(), true));
        // A clock that is ahead for a moment forgets nothing.
        office.store.clock().turn_ahead(MONTH);
        assert_eq!(ask(ada, question, b"ahead").unwrap(), (b"first".to_vec(), false));
        assert_eq!(office.write(|tx| idempotency::sweep(tx)).unwrap(), 0);
        office.store.clock().turn_back(MONTH);
        office.wait(Duration::from_secs(24 * 3600 - 1));
        assert_eq!(ask(ada, question, b"second").unwrap(), (b"first".to_vec(), false));
        let conflict = |outcome: error::Result<(Vec<u8>, bool)>| assert!(matches!(outcome, Err(Error::Conflict(_))));
        conflict(ask(ada, Question { request_hash: [3; 32], ..question }, b"x"));
        // A different API key, a different admin, a different idempotency key.
        let (another, renamed) = (KeyId::new(office.now()), [4; 32]);
        assert!(ask(ada, Question { key: another, ..question }, b"a").unwrap().1);
        assert!(ask(eve, question, b"b").unwrap().1);
        assert!(ask(ada, Question { name_hash: renamed, ..question }, b"c").unwrap().1);
        // A refused request is not remembered, so retrying it with corrections succeeds.
        let fresh = Question { name_hash: [5; 32], ..question };
        let refusal = office.write(move |tx| {
            idempotency::known(tx, &ada, &fresh)?;
            administration::clients::add_client(tx, &ada, &ClientInput { email: String::new().into(), ..Default::default() })
        });
        refused(refusal, "givenName", Problem::Empty);
        assert!(ask(ada, fresh, b"d").unwrap().1);
        office.wait(Duration::from_secs(2));
        assert_eq!(ask(ada, question, b"next day").unwrap(), (b"next day".to_vec(), true));
        assert_eq!(office.write(|tx| idempotency::sweep(tx)).unwrap(), 0);
        office.wait(Duration::from_secs(24 * 3600));
        assert_eq!(office.write(|tx| idempotency::sweep(tx)).unwrap(), 5);
    }
}
