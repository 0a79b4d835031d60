//! Signing up (S14): off by default, accounts only for proven addresses, without revealing which addresses are known (S3),
//! and no access to a company by naming it.

use std::time::Duration;

use crate::support::Office;
use crate::support::people::{Firm, new_client, not_found, refused};
use domain::administration::deletion;
use domain::administration::settings::MessagingChange;
use domain::arrival::company_suggestion::{self, CompanySuggestion};
use domain::arrival::joining::{self, JoiningChange};
use domain::arrival::sign_in::{self, CodeOutcome, Prepared};
use domain::channels::starting::Subject;
use domain::directory::clients::ClientFilter;
use domain::directory::companies;
use domain::directory::person::{Person, Status};
use domain::identity::sign_in_links::{self, LinkState};
use domain::identity::sign_in_requests::{self, ASKED_BY_ADDRESS_MAX, ASKED_BY_SENDER_MAX};
use domain::identity::sign_ups::{self, SignUpInput};
use domain::kernel::access::Actor;
use domain::kernel::audit_log::{self, AuditAction, Filter};
use domain::kernel::error::{self, Error, Problem};
use domain::kernel::ids::{PersonId, SignInId};
use domain::kernel::limits;
use domain::tenant::settings::DefaultChannel;
use domain::{administration, directory};
use store::Tx;

const RUI: &str = "rui@acme.example";

fn lets(firm: &Firm<'_>, may: bool) {
    let (ada, change) = (firm.ada, JoiningChange { sign_up: Some(may), ..JoiningChange::default() });
    firm.office.write(move |tx| joining::change(tx, &ada, &change)).unwrap();
}

fn given(name: &str, email: &str, company: &str) -> SignUpInput {
    SignUpInput {
        given_name: name.to_string(),
        email: email.to_string(),
        company: company.to_string(),
        ..SignUpInput::default()
    }
}

fn asks_from(firm: &Firm<'_>, given: SignUpInput, sender: &str) -> error::Result<SignInId> {
    let (workspace, sender) = (firm.workspace, sender.to_string());
    firm.office.write(move |tx| sign_ups::ask(tx, workspace, &given, &sender))
}

fn asks(firm: &Firm<'_>, given: SignUpInput) -> SignInId {
    asks_from(firm, given, "192.0.2.7").unwrap()
}

fn mail(firm: &Firm<'_>, sign_in: SignInId) -> Option<Prepared> {
    let workspace = firm.workspace;
    firm.office.write(move |tx| sign_in::prepare_mail(tx, workspace, sign_in)).unwrap()
}

fn types(firm: &Firm<'_>, sign_in: SignInId, code: &str) -> CodeOutcome {
    let (workspace, code) = (firm.workspace, code.to_string());
    firm.office.write(move |tx| sign_in::by_code(tx, workspace, sign_in, &code)).unwrap()
}

/// Signs up and enters the code.
fn comes(firm: &Firm<'_>, given: SignUpInput) -> PersonId {
    let sign_in = asks(firm, given);
    let mail = mail(firm, sign_in).expect("a mail");
    match types(firm, sign_in, &mail.code) {
        CodeOutcome::SignedIn(person) => person,
        refused => panic!("{refused:?}"),
    }
}

fn clients(firm: &Firm<'_>) -> Vec<Person> {
    let ada = firm.ada;
    firm.office
        .read(move |reader| directory::clients::clients(reader, &ada, &ClientFilter::default(), 100))
        .unwrap()
}

fn company_names(firm: &Firm<'_>, of: PersonId) -> Vec<String> {
    let ada = firm.ada;
    let found = firm.office.read(move |reader| directory::clients::companies_of(reader, &ada, of)).unwrap();
    found.into_iter().filter(|(_, _, is_placeholder)| !is_placeholder).map(|(_, name, _)| name).collect()
}

fn belonging(firm: &Firm<'_>, of: PersonId) -> Option<CompanySuggestion> {
    let ada = firm.ada;
    firm.office.read(move |reader| company_suggestion::find(reader, &ada, of)).unwrap()
}

both_engines! {
    fn s14_people_sign_up_only_where_the_workspace_lets_them(office) {
        let firm = office.firm("a.example");
        not_found(asks_from(&firm, given("Rui", RUI, ""), "192.0.2.7"));
        lets(&firm, true);
        let waiting = asks(&firm, given("Rui", RUI, ""));
        let mailed = mail(&firm, waiting).unwrap();
        lets(&firm, false);
        not_found(asks_from(&firm, given("Rui", RUI, ""), "192.0.2.7"));
        // Pending sign-ups can no longer be completed.
        assert!(mail(&firm, waiting).is_none());
        assert_eq!(types(&firm, waiting, &mailed.code), CodeOutcome::Over);
        assert!(clients(&firm).is_empty());
    }

    fn s14_the_account_exists_once_its_address_is_proved_and_is_welcomed(office) {
        let firm = office.firm("a.example");
        lets(&firm, true);
        let sign_in = asks(&firm, SignUpInput {
            family_name: "Alves".to_string(),
            ..given("Rui", RUI, "Acme")
        });
        let mailed = mail(&firm, sign_in).unwrap();
        assert!(mailed.is_sign_up);
        assert_eq!(mailed.to.name.email, RUI);
        assert_eq!(mailed.to.name.full(), RUI, "what a stranger typed goes to nobody's mailbox");
        assert!(clients(&firm).is_empty());
        assert!(matches!(types(&firm, sign_in, &mailed.code), CodeOutcome::SignedIn(_)));
        let rui = clients(&firm).remove(0);
        assert_eq!((rui.name.full().as_str(), rui.made_by.as_str()), ("Rui Alves", "directSignUp"));
        assert_eq!(rui.status(), Status::Active);
        let channel = firm.channel(Subject::Client(rui.id));
        let author = office.read(move |reader| {
            let sql = "SELECT author FROM messages WHERE channel = $1";
            Ok(reader.all(sql, &[&channel], |row| row.get::<PersonId>(0))?)
        });
        assert_eq!(author.unwrap(), [firm.ada.person], "W1: once");
        let ada = firm.ada;
        let kept = office.read(move |reader| audit_log::list(reader, &ada, &Filter::default(), 1)).unwrap().remove(0);
        assert_eq!(kept.deed, AuditAction::PersonJoined.word());
        assert_eq!(kept.person.map(|(person, _)| person), Some(rui.id));
        assert_eq!(types(&firm, sign_in, &mailed.code), CodeOutcome::Over, "a code works once");
    }

    fn s14_the_link_of_the_mail_completes_a_sign_up_too_and_looking_at_it_does_not(office) {
        let firm = office.firm("a.example");
        lets(&firm, true);
        let sign_in = asks(&firm, given("Rui", RUI, ""));
        let secret = mail(&firm, sign_in).unwrap().link_secret.reveal().to_string();
        for _ in 0..3 {
            let looked = secret.clone();
            let link = office.read(move |reader| sign_in_links::find_link(reader, &looked)).unwrap();
            assert_eq!((link.state, link.name.full().as_str()), (LinkState::Good, "Rui"));
        }
        assert!(clients(&firm).is_empty());
        let tapped = secret.clone();
        let (_, rui) = office.write(move |tx| sign_in::by_link(tx, &tapped)).unwrap();
        assert_eq!(clients(&firm)[0].id, rui);
        let link = office.read(move |reader| sign_in_links::find_link(reader, &secret)).unwrap();
        assert_eq!(link.state, LinkState::Used);
    }

    fn s3_a_known_address_gets_its_mail_for_signing_in_and_nothing_else_tells(office) {
        let firm = office.firm("a.example");
        lets(&firm, true);
        let bo = firm.client("Bo", &[]);
        let sign_in = asks(&firm, given("Evil", "BO@client.example", "Acme"));
        let mailed = mail(&firm, sign_in).unwrap();
        assert!(!mailed.is_sign_up);
        assert_eq!((mailed.to.person, mailed.to.name.given.as_str()), (bo, "Bo"));
        assert_eq!(types(&firm, sign_in, &mailed.code), CodeOutcome::SignedIn(bo));
        assert_eq!(clients(&firm).len(), 1);
        assert_eq!(clients(&firm)[0].name.given, "Bo", "nothing changes about them");
        assert!(belonging(&firm, bo).is_none());
        // Deactivated people are sent nothing and cannot get in by signing up.
        firm.deactivate(firm.ada, bo).unwrap();
        let shut_out = asks(&firm, given("Bo", "bo@client.example", ""));
        assert!(mail(&firm, shut_out).is_none());
        assert_eq!(types(&firm, shut_out, "123456"), CodeOutcome::Wrong);
    }

    fn s3_tries_to_sign_up_count_as_tries_to_sign_in_do(office) {
        let firm = office.firm("a.example");
        lets(&firm, true);
        let too_many = |asked: error::Result<SignInId>| assert!(matches!(asked, Err(Error::TooMany(_))));
        let workspace = firm.workspace;
        office.write(move |tx| sign_in_requests::ask(tx, workspace, RUI, "198.51.100.1")).unwrap();
        for time in 1..ASKED_BY_ADDRESS_MAX {
            asks_from(&firm, given("Rui", RUI, ""), &format!("198.51.100.{}", time + 1)).unwrap();
        }
        too_many(asks_from(&firm, given("Rui", RUI, ""), "198.51.100.99"));
        for time in 0..ASKED_BY_SENDER_MAX {
            asks(&firm, given("Rui", &format!("rui{time}@acme.example"), ""));
        }
        too_many(asks_from(&firm, given("Rui", "last@acme.example", ""), "192.0.2.7"));
    }

    fn s14_what_only_machines_fill_in_sends_nothing_and_is_answered_alike(office) {
        let firm = office.firm("a.example");
        lets(&firm, true);
        let sign_in = asks(&firm, SignUpInput { trap: "x".to_string(), ..given("Bot", RUI, "") });
        assert!(mail(&firm, sign_in).is_none());
        assert_eq!(types(&firm, sign_in, "123456"), CodeOutcome::Wrong);
        let waiting = office.read(|reader| Ok(reader.all("SELECT id FROM deliveries", &[], |_| Ok(()))?)).unwrap();
        assert!(waiting.is_empty());
    }

    fn s14_bad_input_is_refused_at_its_field_before_anything_is_counted(office) {
        let firm = office.firm("a.example");
        lets(&firm, true);
        let long = "x".repeat(limits::NAME_CHARACTERS + 1);
        for (wrong, field, problem) in [
            (given("", RUI, ""), "givenName", Problem::Empty),
            (given("Rui", "rui@", ""), "email", Problem::NoAddress),
            (given("Rui", RUI, &long), "company", Problem::TooLong(limits::NAME_CHARACTERS)),
            (given("Rui\u{0}", RUI, ""), "givenName", Problem::ControlCharacters),
        ] {
            for _ in 0..=ASKED_BY_ADDRESS_MAX {
                refused(asks_from(&firm, wrong.clone(), "192.0.2.7"), field, problem.clone());
            }
        }
        comes(&firm, given("Rui", RUI, ""));
    }

    fn s14_nobody_gets_into_a_company_by_naming_it_or_learns_that_it_is_there(office) {
        let firm = office.firm("a.example");
        lets(&firm, true);
        let acme = firm.company("Acme");
        let channel = firm.channel(Subject::Company(acme));
        let rui = comes(&firm, given("Rui", RUI, "ACME"));
        let sam = comes(&firm, given("Sam", "sam@other.example", "Other"));
        assert!(!firm.is_in(channel, rui));
        // What they see does not depend on whether a company of that name exists.
        assert!(company_names(&firm, rui).is_empty() && company_names(&firm, sam).is_empty());
        let all = companies::CompanyFilter::default();
        let ada = firm.ada;
        let there = office.read(move |reader| companies::list(reader, &ada, &all, 9)).unwrap();
        assert_eq!(there.len(), 1);
        let named = belonging(&firm, rui).unwrap();
        assert_eq!((named.is_new, named.places[0].company, named.places[0].alike), (false, acme, 0));
        assert!(belonging(&firm, sam).unwrap().is_new);
        let me = firm.actor(rui).unwrap();
        not_found(office.read(move |reader| company_suggestion::find(reader, &me, rui)));
        not_found(office.write(move |tx| company_suggestion::put_into(tx, &me, rui, Some(acme))));
    }

    fn s14_the_firm_is_told_whose_client_users_have_such_addresses_and_puts_them_there(office) {
        let firm = office.firm("a.example");
        lets(&firm, true);
        let (acme, holding) = (firm.company("Acme"), firm.company("Acme Holding"));
        let ada = firm.ada;
        for (name, company) in [("Al", acme), ("Bea", acme), ("Cy", holding)] {
            let email = format!("{}@Acme.example", name.to_lowercase());
            let client = administration::clients::ClientInput {
                email: email.into(),
                ..new_client(name, &[company])
            };
            office.write(move |tx| administration::clients::add_client(tx, &ada, &client)).unwrap();
        }
        let channel = firm.channel(Subject::Company(acme));
        let rui = comes(&firm, given("Rui", RUI, ""));
        let found = belonging(&firm, rui).unwrap();
        let places: Vec<(&str, i64)> = found.places.iter().map(|place| (place.name.as_str(), place.alike)).collect();
        assert_eq!(places, [("Acme", 2), ("Acme Holding", 1)]);
        assert_eq!(found.domain.as_deref(), Some("acme.example"));
        let lim = firm.limited("Lim", &[acme]);
        not_found(office.read(move |reader| company_suggestion::find(reader, &lim, rui)));
        assert!(!firm.is_in(channel, rui));
        office.write(move |tx| company_suggestion::put_into(tx, &ada, rui, Some(acme))).unwrap();
        assert!(firm.is_in(channel, rui));
        assert_eq!(company_names(&firm, rui), ["Acme"]);
        assert!(belonging(&firm, rui).is_none());
        let again = office.write(move |tx| company_suggestion::put_into(tx, &ada, rui, Some(holding)));
        assert!(matches!(again, Err(Error::Conflict(_))));
        // A shared public provider does not suggest a company.
        let gil = administration::clients::ClientInput {
            email: "gil@gmail.com".to_string().into(),
            ..new_client("Gil", &[acme])
        };
        office.write(move |tx| administration::clients::add_client(tx, &ada, &gil)).unwrap();
        let hal = comes(&firm, given("Hal", "hal@gmail.com", ""));
        let nothing = belonging(&firm, hal).unwrap();
        assert!(nothing.places.is_empty() && !nothing.is_new && nothing.domain.is_none());
        let waiting = |who: Actor| office.read(move |reader| company_suggestion::undecided(reader, &who, 9)).unwrap();
        let names: Vec<String> = waiting(ada).iter().map(|newcomer| newcomer.name.full()).collect();
        assert_eq!(names, ["Hal"], "Rui is decided");
        assert!(waiting(lim).is_empty());
        let me = firm.actor(hal).unwrap();
        not_found(office.read(move |reader| company_suggestion::undecided(reader, &me, 9)));
    }

    fn s14_a_company_that_is_new_is_made_with_one_tap_and_a_suggestion_can_be_dismissed(office) {
        let firm = office.firm("a.example");
        lets(&firm, true);
        let ada = firm.ada;
        let (rui, sam) = (comes(&firm, given("Rui", RUI, "Acme")), comes(&firm, given("Sam", "sam@b.example", "Beta")));
        office.write(move |tx| company_suggestion::put_into(tx, &ada, rui, None)).unwrap();
        assert_eq!(company_names(&firm, rui), ["Acme"]);
        office.write(move |tx| company_suggestion::dismiss(tx, &ada, sam)).unwrap();
        assert!(belonging(&firm, sam).is_none() && company_names(&firm, sam).is_empty());
        let newest = office.read(move |reader| audit_log::list(reader, &ada, &Filter::default(), 1)).unwrap();
        assert_eq!(newest[0].deed, AuditAction::BelongingDismissed.word());
    }

    fn s14_two_sign_ups_of_one_address_make_one_person(office) {
        let firm = office.firm("a.example");
        lets(&firm, true);
        let (first, second) = (asks(&firm, given("Rui", RUI, "")), asks(&firm, given("Ray", RUI, "")));
        let codes = [mail(&firm, first).unwrap().code, mail(&firm, second).unwrap().code];
        let CodeOutcome::SignedIn(rui) = types(&firm, second, &codes[1]) else { panic!("no one came") };
        assert_eq!(types(&firm, first, &codes[0]), CodeOutcome::SignedIn(rui));
        let there = clients(&firm);
        assert_eq!((there.len(), there[0].name.given.as_str()), (1, "Ray"));
        // If the firm added them in the meantime, they sign in as that person.
        let late = asks(&firm, given("Bob", "bo@client.example", ""));
        let code = mail(&firm, late).unwrap().code;
        let bo = firm.client("Bo", &[]);
        assert_eq!(types(&firm, late, &code), CodeOutcome::SignedIn(bo));
    }

    fn s14_where_new_clients_talk_in_their_company_s_channel_a_newcomer_has_one_of_their_own(office) {
        let firm = office.firm("a.example");
        firm.sets(MessagingChange { default_channel: Some(DefaultChannel::Company), ..MessagingChange::default() });
        lets(&firm, true);
        let rui = comes(&firm, given("Rui", RUI, "Acme"));
        assert!(firm.is_in(firm.channel_of(rui), rui));
    }

    fn s14_who_never_answers_is_forgotten_and_so_is_who_is_deleted(office) {
        let firm = office.firm("a.example");
        lets(&firm, true);
        let rui = comes(&firm, given("Rui", RUI, "Acme"));
        asks(&firm, given("Rui", RUI, "Acme"));
        asks(&firm, given("Sam", "sam@b.example", ""));
        let ada = firm.ada;
        office.write(move |tx| deletion::delete_client(tx, &ada, rui)).unwrap();
        let left = |office: &Office, table: &'static str| {
            let sql = format!("SELECT count(*) FROM {table}");
            office.read(move |reader| Ok(reader.one(&sql, &[], |row| row.get::<i64>(0))?)).unwrap()
        };
        assert_eq!((left(office, "newcomers"), left(office, "company_requests")), (1, 0));
        office.wait(limits::SIGN_IN_LASTS + Duration::from_secs(24 * 3600));
        assert_eq!(office.write(|tx: &mut Tx| sign_ups::sweep(tx)).unwrap(), 1);
        assert_eq!(left(office, "newcomers"), 0);
    }
}
