//! Imported tables (S15): their effects, and that nothing is half-done.

use crate::support::Office;
use crate::support::people::not_found;
use domain::arrival::import_table::{self, LINES_MAX};
use domain::arrival::importing::{self, Step};
use domain::arrival::imports::{self, LINES_AT_ONCE, LineCompany, Outcome, Planned};
use domain::directory::clients::ClientFilter;
use domain::directory::person::{self, Status};
use domain::kernel::access::Actor;
use domain::kernel::audit_log::{self, AuditAction, Filter};
use domain::kernel::error;
use domain::kernel::ids::ImportId;
use domain::{administration, directory};
use store::Tx;

fn hand_in(office: &Office, actor: Actor, table: &str, invites: bool) -> error::Result<ImportId> {
    let lines = imports::check(import_table::read(table.as_bytes())?);
    let import = office.write(move |tx| imports::begin(tx, &actor, "people.csv", invites))?;
    for some in lines.chunks(LINES_AT_ONCE) {
        let some = some.to_vec();
        office.write(move |tx| imports::add_lines(tx, &actor, import, &some))?;
    }
    Ok(import)
}

/// Lines per step in these tests; the portal uses larger steps.
const STEP: usize = 20;

fn step(office: &Office, actor: Actor, import: ImportId) -> Step {
    office.write(move |tx| importing::apply_some(tx, &actor, import, STEP)).unwrap()
}

fn take_in(office: &Office, actor: Actor, import: ImportId) {
    while step(office, actor, import) == Step::More {}
}

/// A table of this many people, ten to a company.
fn people_table(count: usize) -> String {
    let line = |number: usize| format!("p{number}@new.example,Person {number},Company {}\n", number / 10);
    format!("email,name,company\n{}", (0..count).map(line).collect::<String>())
}

fn plan(office: &Office, actor: Actor, import: ImportId) -> Vec<Planned> {
    office.read(move |reader| imports::plan(reader, &actor, import)).unwrap()
}

fn outcomes(office: &Office, actor: Actor, import: ImportId) -> Vec<Outcome> {
    plan(office, actor, import).into_iter().map(|planned| planned.outcome).collect()
}

fn clients(office: &Office, actor: Actor) -> Vec<person::Person> {
    office
        .read(move |reader| directory::clients::clients(reader, &actor, &ClientFilter::default(), 10_000))
        .unwrap()
}

fn company_names(office: &Office, actor: Actor) -> Vec<String> {
    let all = directory::companies::CompanyFilter::default();
    let found = office.read(move |reader| directory::companies::list(reader, &actor, &all, 1_000)).unwrap();
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
    fn s15_what_is_shown_beforehand_is_what_happens(office) {
        let firm = office.firm("a.example");
        let ada = firm.ada;
        firm.company("North");
        let mut bo = crate::support::people::new_client("Bo", &[]);
        bo.email = "bo@client.example".to_string().into();
        office.write(move |tx| administration::clients::add_client(tx, &ada, &bo)).unwrap();
        let import = hand_in(office, ada, TABLE, true).unwrap();
        let left_out = |field: &str, words: &str| Outcome::LeftOut(field.to_string(), words.to_string());
        let planned = outcomes(office, ada, import);
        assert_eq!(planned[..8], [
            Outcome::Client(LineCompany::Known),
            Outcome::Client(LineCompany::New),
            Outcome::Client(LineCompany::Known),
            Outcome::Client(LineCompany::Alone),
            Outcome::Company,
            Outcome::Here,
            Outcome::Here,
            Outcome::Here,
        ]);
        assert!(planned[8..].iter().all(|outcome| matches!(outcome, Outcome::LeftOut(..))));
        assert_eq!(planned[10], left_out("email", "This address stands at line 2 already."));
        assert_eq!(clients(office, ada).len(), 1, "nothing has happened yet");
        assert_eq!(company_names(office, ada), ["North"]);

        take_in(office, ada, import);
        take_in(office, ada, import);
        assert_eq!(company_names(office, ada), ["East", "North", "West"]);
        let found = clients(office, ada);
        let names: Vec<&str> = found.iter().map(|person| &*person.name.given).collect();
        assert_eq!(names, ["Bo", "Wim", "Xia", "Yan", "Zoe"]);
        let statuses: Vec<Status> = found.iter().map(person::Person::status).collect();
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

    fn s15_a_table_is_seen_by_whoever_handed_it_in_alone_and_says_nothing_of_hidden_companies(office) {
        let firm = office.firm("a.example");
        let (north, _south) = (firm.company("North"), firm.company("South"));
        let lim = firm.limited("Lim", &[north]);
        let table = "email,name,company\na@new.example,A A,North\nb@new.example,B B,South\n";
        let import = hand_in(office, lim, table, false).unwrap();
        assert_eq!(outcomes(office, lim, import)[0], Outcome::Client(LineCompany::Known));
        assert!(matches!(&outcomes(office, lim, import)[1], Outcome::LeftOut(field, _) if field == "company"));
        let other = office.firm("b.example").ada;
        for stranger in [firm.ada, other] {
            not_found(office.read(move |reader| imports::plan(reader, &stranger, import)));
            not_found(office.write(move |tx| importing::apply_some(tx, &stranger, import, STEP)));
            not_found(office.write(move |tx| imports::add_lines(tx, &stranger, import, &[])));
            not_found(office.write(move |tx| imports::forget(tx, &stranger, import)));
        }
        let client = firm.actor(firm.client("Bo", &[])).unwrap();
        not_found(hand_in(office, client, table, false));
        take_in(office, lim, import);
        assert_eq!(clients(office, lim).len(), 1);
        office.write(move |tx| imports::forget(tx, &lim, import)).unwrap();
        not_found(office.read(move |reader| imports::find(reader, &lim, import)));
    }

    fn s15_a_step_that_fails_leaves_nothing_behind(office) {
        let firm = office.firm("a.example");
        let ada = firm.ada;
        let import = hand_in(office, ada, TABLE, false).unwrap();
        let failing = move |tx: &mut Tx| {
            importing::apply_some(tx, &ada, import, STEP)?;
            Err::<(), _>(error::Error::Conflict("the power went"))
        };
        office.write(failing).unwrap_err();
        assert!(clients(office, ada).is_empty());
        assert!(company_names(office, ada).is_empty());
        assert!(outcomes(office, ada, import).contains(&Outcome::Client(LineCompany::New)));
    }

    fn s15_others_write_between_the_steps_and_what_they_do_is_seen_by_the_next(office) {
        let firm = office.firm("a.example");
        let ada = firm.ada;
        let count = 2 * STEP + 10;
        let import = hand_in(office, ada, &people_table(count), false).unwrap();
        assert_eq!(step(office, ada, import), Step::More);
        assert_eq!(clients(office, ada).len(), STEP);
        let done = |office: &Office| plan(office, ada, import).iter().filter(|planned| planned.is_done).count();
        assert_eq!(done(office), STEP);
        // Meanwhile somebody adds one of the people still to be imported, and one of the companies.
        let last = count - 1;
        let email = format!("p{last}@new.example");
        let new = administration::clients::ClientInput {
            email: email.into(),
            ..crate::support::people::new_client("Early", &[])
        };
        office.write(move |tx| administration::clients::add_client(tx, &ada, &new)).unwrap();
        let company = format!("Company {}", last / 10);
        office.write(move |tx| administration::companies::add(tx, &ada, &company)).unwrap();
        take_in(office, ada, import);
        assert_eq!(done(office), count);
        let after = plan(office, ada, import);
        assert_eq!(after[last].outcome, Outcome::Here);
        assert_eq!(after.iter().filter(|planned| planned.person.is_some()).count(), count - 1);
        assert_eq!(clients(office, ada).len(), count);
        assert_eq!(company_names(office, ada).len(), count / 10);
    }

    fn s15_cut_off_in_the_middle_it_goes_on_and_the_same_table_again_takes_the_rest(office) {
        let firm = office.firm("a.example");
        let ada = firm.ada;
        let count = STEP + 30;
        let import = hand_in(office, ada, &people_table(count), true).unwrap();
        assert_eq!(step(office, ada, import), Step::More);
        let again = hand_in(office, ada, &people_table(count), true).unwrap();
        let planned = outcomes(office, ada, again);
        assert!(planned[..STEP].iter().all(|outcome| *outcome == Outcome::Here));
        assert!(planned[STEP..].iter().all(|outcome| matches!(outcome, Outcome::Client(_))));
        take_in(office, ada, again);
        assert_eq!(clients(office, ada).len(), count);
        take_in(office, ada, import);
        assert_eq!(clients(office, ada).len(), count);
        assert!(clients(office, ada).iter().all(|person| person.status() == Status::Invited));
        let kept = office.read(move |reader| audit_log::list(reader, &ada, &Filter::default(), 10_000)).unwrap();
        let tables = kept.iter().filter(|record| record.deed == AuditAction::TableImported.word());
        assert_eq!(tables.count(), 2, "one for each table, not for each step");
    }

    fn s15_the_longest_table_is_looked_at_at_once_and_forgotten_in_its_time(office) {
        let firm = office.firm("a.example");
        let ada = firm.ada;
        let import = hand_in(office, ada, &people_table(LINES_MAX), false).unwrap();
        let planned = outcomes(office, ada, import);
        assert_eq!(planned.len(), LINES_MAX);
        let new = planned.iter().filter(|outcome| **outcome == Outcome::Client(LineCompany::New)).count();
        assert_eq!(new, LINES_MAX / 10);
        office.wait(std::time::Duration::from_secs(30 * 24 * 3600));
        assert_eq!(office.write(|tx| imports::sweep(tx)).unwrap(), 1);
        not_found(office.read(move |reader| imports::find(reader, &ada, import)));
    }
}
