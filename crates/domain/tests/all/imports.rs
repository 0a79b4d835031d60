//! Tables of people and companies: what they come to, and that nothing is half-done.

use crate::support::Office;
use crate::support::people::not_found;
use domain::access::Actor;
use domain::companies;
use domain::ids::ImportId;
use domain::imports::{self, Belonging, LINES_MAX, Outcome, Planned};
use domain::people::{self, ClientFilter, Status};
use store::Tx;

fn hand_in(office: &Office, actor: Actor, table: &str, invites: bool) -> domain::Result<ImportId> {
    let table = table.to_string();
    office.write(move |tx| imports::hand_in(tx, &actor, "people.csv", table.as_bytes(), invites))
}

fn plan(office: &Office, actor: Actor, import: ImportId) -> Vec<Planned> {
    office.read(move |reader| imports::plan(reader, &actor, import)).unwrap()
}

fn outcomes(office: &Office, actor: Actor, import: ImportId) -> Vec<Outcome> {
    plan(office, actor, import).into_iter().map(|planned| planned.outcome).collect()
}

fn clients(office: &Office, actor: Actor) -> Vec<people::Person> {
    office.read(move |reader| people::clients(reader, &actor, &ClientFilter::default(), 10_000)).unwrap()
}

fn company_names(office: &Office, actor: Actor) -> Vec<String> {
    let all = companies::CompanyFilter::default();
    let found = office.read(move |reader| companies::list(reader, &actor, &all, 100)).unwrap();
    found.into_iter().map(|company| company.name).collect()
}

const TABLE: &str = "given,family,email,phone,company\n\
    Zoe,M,zoe@new.example,+49 30 123456,North\n\
    Yan,N,yan@new.example,,East\n\
    Xia,O,xia@new.example,,EAST\n\
    Wim,P,wim@new.example,,\n\
    ,,,,West\n,,,,west\n,,,,North\n\
    Bo,B,BO@CLIENT.EXAMPLE,,West\n\
    Via,Q,via@,,North\n\
    Uma,R,uma@new.example,12,North\n\
    Tia,S,ZOE@new.example,,North\n\
    ,,sol@new.example,,North\n";

both_engines! {
    fn s5_what_is_shown_beforehand_is_what_happens(office) {
        let firm = office.firm("a.example");
        let ada = firm.ada;
        firm.company("North");
        let mut bo = crate::support::people::new_client("Bo", &[]);
        bo.email = "bo@client.example".to_string();
        office.write(move |tx| people::add_client(tx, &ada, &bo)).unwrap();
        let import = hand_in(office, ada, TABLE, true).unwrap();
        let left_out = |field: &str, words: &str| Outcome::LeftOut(field.to_string(), words.to_string());
        let planned = outcomes(office, ada, import);
        assert_eq!(planned[..8], [
            Outcome::Client(Belonging::Known),
            Outcome::Client(Belonging::New),
            Outcome::Client(Belonging::Known),
            Outcome::Client(Belonging::Alone),
            Outcome::Company,
            Outcome::Here,
            Outcome::Here,
            Outcome::Here,
        ]);
        assert!(planned[8..].iter().all(|outcome| matches!(outcome, Outcome::LeftOut(..))));
        assert_eq!(planned[10], left_out("email", "This address stands at line 2 already."));
        assert_eq!(clients(office, ada).len(), 1, "nothing has happened yet");
        assert_eq!(company_names(office, ada), ["North"]);

        office.write(move |tx| imports::take_in(tx, &ada, import)).unwrap();
        office.write(move |tx| imports::take_in(tx, &ada, import)).unwrap();
        assert_eq!(company_names(office, ada), ["East", "North", "West"]);
        let found = clients(office, ada);
        let names: Vec<&str> = found.iter().map(|person| &*person.name.given).collect();
        assert_eq!(names, ["Bo", "Wim", "Xia", "Yan", "Zoe"]);
        let statuses: Vec<Status> = found.iter().map(people::Person::status).collect();
        assert_eq!(statuses[0], Status::NotInvited);
        assert!(statuses[1..].iter().all(|status| *status == Status::Invited));
        assert_eq!(found[4].phone.as_deref(), Some("+4930123456"));
        let after = plan(office, ada, import);
        assert_eq!(after.iter().filter(|planned| planned.person.is_some()).count(), 4);
        assert!(after[8..].iter().all(|planned| matches!(planned.outcome, Outcome::LeftOut(..))));
        let again = hand_in(office, ada, TABLE, true).unwrap();
        assert!(!outcomes(office, ada, again).iter().any(|outcome| {
            matches!(outcome, Outcome::Client(_) | Outcome::Company)
        }), "the same table again adds nobody");
    }

    fn s5_a_table_is_seen_by_whoever_handed_it_in_alone_and_says_nothing_of_hidden_companies(office) {
        let firm = office.firm("a.example");
        let (north, _south) = (firm.company("North"), firm.company("South"));
        let lim = firm.limited("Lim", &[north]);
        let table = "email,name,company\na@new.example,A A,North\nb@new.example,B B,South\n";
        let import = hand_in(office, lim, table, false).unwrap();
        assert_eq!(outcomes(office, lim, import)[0], Outcome::Client(Belonging::Known));
        assert!(matches!(&outcomes(office, lim, import)[1], Outcome::LeftOut(field, _) if field == "company"));
        let other = office.firm("b.example").ada;
        for stranger in [firm.ada, other] {
            not_found(office.read(move |reader| imports::plan(reader, &stranger, import)));
            not_found(office.write(move |tx| imports::take_in(tx, &stranger, import)));
            not_found(office.write(move |tx| imports::forget(tx, &stranger, import)));
        }
        let client = firm.actor(firm.client("Bo", &[])).unwrap();
        not_found(hand_in(office, client, table, false));
        office.write(move |tx| imports::take_in(tx, &lim, import)).unwrap();
        assert_eq!(clients(office, lim).len(), 1);
        office.write(move |tx| imports::forget(tx, &lim, import)).unwrap();
        not_found(office.read(move |reader| imports::find(reader, &lim, import)));
    }

    fn s5_a_table_that_fails_in_the_middle_leaves_nothing_behind(office) {
        let firm = office.firm("a.example");
        let ada = firm.ada;
        let import = hand_in(office, ada, TABLE, false).unwrap();
        let failing = move |tx: &mut Tx| {
            imports::take_in(tx, &ada, import)?;
            Err::<(), _>(domain::Error::Conflict("the power went"))
        };
        office.write(failing).unwrap_err();
        assert!(clients(office, ada).is_empty());
        assert!(company_names(office, ada).is_empty());
        assert!(outcomes(office, ada, import).contains(&Outcome::Client(Belonging::New)));
    }

    fn s5_the_longest_table_is_taken_in_and_forgotten_in_its_time(office) {
        let firm = office.firm("a.example");
        let ada = firm.ada;
        let mut table = "email,name,company\n".to_string();
        for line in 0..LINES_MAX {
            table += &format!("person{line}@new.example,Person {line},Company {}\n", line / 10);
        }
        let import = hand_in(office, ada, &table, false).unwrap();
        office.write(move |tx| imports::take_in(tx, &ada, import)).unwrap();
        assert_eq!(clients(office, ada).len(), LINES_MAX);
        office.wait(std::time::Duration::from_secs(30 * 24 * 3600));
        assert_eq!(office.write(|tx| imports::sweep(tx)).unwrap(), 1);
        not_found(office.read(move |reader| imports::find(reader, &ada, import)));
        assert_eq!(clients(office, ada).len(), LINES_MAX);
    }
}
