//! Signing in: codes and links, what strangers can find out, and rate limits (S1, S3).

mod counting;
mod invitations;
mod links;

use std::time::Duration;

use crate::support::Office;
use crate::support::people::{Firm, new_client};
use domain::arrival::sign_in::{self, CodeOutcome, Prepared};
use domain::directory::person::{self, Status};
use domain::identity::sessions;
use domain::identity::sign_in_links::{self, LinkKind, LinkState};
use domain::identity::sign_in_requests::{self, ASKED_BY_ADDRESS_MAX, ASKED_BY_SENDER_MAX};
use domain::kernel::error::{self, Error, Problem};
use domain::kernel::ids::{PersonId, SignInId, WorkspaceId};
use domain::kernel::{limits, rate_limits, secrets};

const SENDER: &str = "192.0.2.7";
const ADA: &str = "ada@firm.example";

fn ask_from(office: &Office, workspace: WorkspaceId, email: &str, sender: &str) -> error::Result<SignInId> {
    let (email, sender) = (email.to_string(), sender.to_string());
    office.write(move |tx| sign_in_requests::ask(tx, workspace, &email, &sender))
}

fn ask(firm: &Firm<'_>, email: &str) -> SignInId {
    ask_from(firm.office, firm.workspace, email, SENDER).expect("a sign-in")
}

/// The content of the mail, if one is sent.
fn mail(firm: &Firm<'_>, sign_in: SignInId) -> Option<Prepared> {
    let workspace = firm.workspace;
    firm.office.write(move |tx| sign_in::prepare_mail(tx, workspace, sign_in)).expect("an answer")
}

fn types(firm: &Firm<'_>, sign_in: SignInId, code: &str) -> CodeOutcome {
    let (workspace, code) = (firm.workspace, code.to_string());
    firm.office.write(move |tx| sign_in::by_code(tx, workspace, sign_in, &code)).expect("an answer")
}

fn look(office: &Office, secret: &str) -> error::Result<sign_in_links::Link> {
    let secret = secret.to_string();
    office.read(move |reader| sign_in_links::find_link(reader, &secret))
}

fn tap(office: &Office, secret: &str) -> error::Result<(WorkspaceId, PersonId)> {
    let secret = secret.to_string();
    office.write(move |tx| sign_in::by_link(tx, &secret))
}

fn link(firm: &Firm<'_>, person: PersonId, kind: LinkKind) -> String {
    let workspace = firm.workspace;
    let secret = firm.office.write(move |tx| sign_in_links::create_link(tx, workspace, person, kind));
    secret.expect("a link").reveal().to_string()
}

/// A different code.
fn another(code: &str) -> String {
    let number: u32 = code.parse().expect("digits");
    format!("{:06}", (number + 1) % 1_000_000)
}

fn rows(office: &Office, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    office.read(move |reader| Ok(reader.one(&sql, &[], |row| row.get(0))?)).expect("a count")
}

fn person(firm: &Firm<'_>, id: PersonId) -> person::Person {
    let actor = firm.actor(id).expect("an active person");
    firm.office.read(move |reader| person::profile(reader, &actor)).expect("a person")
}

#[track_caller]
fn not_found<T: std::fmt::Debug>(outcome: error::Result<T>) {
    assert!(matches!(outcome, Err(Error::NotFound)), "{outcome:?}");
}

#[track_caller]
fn conflict<T: std::fmt::Debug>(outcome: error::Result<T>, word: &str) {
    match outcome {
        Err(Error::Conflict(text)) => assert!(text.contains(word), "{text}"),
        other => panic!("no conflict: {other:?}"),
    }
}

#[track_caller]
fn wait_of<T: std::fmt::Debug>(outcome: error::Result<T>) -> Duration {
    match outcome {
        Err(Error::TooMany(wait)) => wait,
        other => panic!("not refused: {other:?}"),
    }
}

both_engines! {
    fn s1_the_code_of_the_mail_signs_in_once(office) {
        let firm = office.firm("a.example");
        let sign_in = ask(&firm, " ADA@firm.example ");
        let prepared = mail(&firm, sign_in).expect("a mail");
        assert_eq!(prepared.to.name.email, ADA);
        assert_eq!(prepared.to.brand_name, "Brand");
        assert_eq!(types(&firm, sign_in, &prepared.code), CodeOutcome::SignedIn(firm.ada.person));
        assert_eq!(types(&firm, sign_in, &prepared.code), CodeOutcome::Over);
    }

    fn s1_a_code_may_be_typed_with_spaces_and_dashes(office) {
        let firm = office.firm("a.example");
        for form in ["{a} {b}", " {a}-{b}\n", "{a}\u{2011}{b}", "{a}\u{a0}\u{200b}{b}"] {
            let sign_in = ask(&firm, ADA);
            let code = mail(&firm, sign_in).expect("a mail").code;
            let typed = form.replace("{a}", &code[..3]).replace("{b}", &code[3..]);
            assert_eq!(types(&firm, sign_in, &typed), CodeOutcome::SignedIn(firm.ada.person), "{typed:?}");
        }
    }

    fn s1_the_code_is_good_for_fifteen_minutes(office) {
        let firm = office.firm("a.example");
        let (early, late) = (ask(&firm, ADA), ask(&firm, ADA));
        let (first, second) = (mail(&firm, early).expect("a mail"), mail(&firm, late).expect("a mail"));
        office.wait(limits::SIGN_IN_LASTS - Duration::from_millis(1));
        assert_eq!(types(&firm, early, &first.code), CodeOutcome::SignedIn(firm.ada.person));
        office.wait(Duration::from_millis(1));
        assert_eq!(types(&firm, late, &second.code), CodeOutcome::Over);
        assert_eq!(look(office, second.link_secret.reveal()).unwrap().state, LinkState::Expired);
        conflict(tap(office, second.link_secret.reveal()), "expired");
    }

    fn s1_code_and_link_are_used_up_together(office) {
        let firm = office.firm("a.example");
        let by_code = ask(&firm, ADA);
        let prepared = mail(&firm, by_code).expect("a mail");
        assert_eq!(types(&firm, by_code, &prepared.code), CodeOutcome::SignedIn(firm.ada.person));
        assert_eq!(look(office, prepared.link_secret.reveal()).unwrap().state, LinkState::Used);
        conflict(tap(office, prepared.link_secret.reveal()), "used");

        let by_link = ask(&firm, ADA);
        let prepared = mail(&firm, by_link).expect("a mail");
        assert_eq!(tap(office, prepared.link_secret.reveal()).unwrap(), (firm.workspace, firm.ada.person));
        assert_eq!(types(&firm, by_link, &prepared.code), CodeOutcome::Over);
        conflict(tap(office, prepared.link_secret.reveal()), "used");
    }

    fn s1_a_repeated_mail_replaces_code_and_link_of_the_first(office) {
        let firm = office.firm("a.example");
        let sign_in = ask(&firm, ADA);
        let first = mail(&firm, sign_in).expect("a mail");
        let mut second = mail(&firm, sign_in).expect("a mail");
        while second.code == first.code {
            second = mail(&firm, sign_in).expect("a mail");
        }
        not_found(look(office, first.link_secret.reveal()));
        not_found(tap(office, first.link_secret.reveal()));
        assert_eq!(types(&firm, sign_in, &first.code), CodeOutcome::Wrong);
        assert_eq!(types(&firm, sign_in, &second.code), CodeOutcome::SignedIn(firm.ada.person));
    }

    fn s1_signing_in_is_noted_and_the_first_time_makes_active(office) {
        let firm = office.firm("a.example");
        let bo = firm.client("Bo", &[]);
        assert_eq!(person(&firm, bo).status(), Status::NotInvited);
        let first = office.now();
        tap(office, &link(&firm, bo, LinkKind::Command)).unwrap();
        office.wait_minutes(5);
        tap(office, &link(&firm, bo, LinkKind::Command)).unwrap();
        let bo = person(&firm, bo);
        assert_eq!(bo.status(), Status::Active);
        assert_eq!((bo.first_seen_at, bo.last_seen_at), (Some(first), Some(office.now())));
    }

    fn s1_only_hashes_of_codes_and_links_are_kept(office) {
        let firm = office.firm("a.example");
        let sign_in = ask(&firm, ADA);
        let prepared = mail(&firm, sign_in).expect("a mail");
        let (code_hash, token_hash): (Vec<u8>, Vec<u8>) = office
            .read(move |reader| {
                let code = reader.one("SELECT code_hash FROM sign_ins", &[], |row| row.get(0))?;
                let token = reader.one("SELECT token_hash FROM sign_in_links", &[], |row| row.get(0))?;
                Ok((code, token))
            })
            .unwrap();
        assert_eq!(token_hash, prepared.link_secret.hash());
        assert_ne!(code_hash, secrets::hash(&prepared.code), "six digits alone are found by trying");
        assert_eq!(code_hash, secrets::hash(&format!("{sign_in}:{}", prepared.code)));
    }

    fn s3_five_wrong_codes_end_a_sign_in_and_stay_counted(office) {
        let firm = office.firm("a.example");
        let sign_in = ask(&firm, ADA);
        let prepared = mail(&firm, sign_in).expect("a mail");
        let wrong = another(&prepared.code);
        for _ in 1..limits::CODE_TRIES {
            assert_eq!(types(&firm, sign_in, &wrong), CodeOutcome::Wrong);
        }
        assert_eq!(types(&firm, sign_in, &wrong), CodeOutcome::Over);
        assert_eq!(types(&firm, sign_in, &prepared.code), CodeOutcome::Over);
        assert!(mail(&firm, sign_in).is_none(), "no mail with a code that is good for nothing");
        // Wrong codes do not invalidate the link for the owner of the mailbox.
        assert!(tap(office, prepared.link_secret.reveal()).is_ok());
    }

    fn s3_guesses_at_the_same_moment_are_all_counted(office) {
        let firm = office.firm("a.example");
        let sign_in = ask(&firm, ADA);
        let wrong = another(&mail(&firm, sign_in).expect("a mail").code);
        let (store, workspace) = (office.store.clone(), firm.workspace);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let outcomes = runtime.block_on(async move {
            let mut guesses = tokio::task::JoinSet::new();
            for _ in 0..20 {
                let (store, code) = (store.clone(), wrong.clone());
                guesses.spawn(async move {
                    store.write(move |tx| sign_in::by_code(tx, workspace, sign_in, &code)).await.unwrap()
                });
            }
            guesses.join_all().await
        });
        let wrong = outcomes.iter().filter(|outcome| **outcome == CodeOutcome::Wrong).count();
        assert_eq!(wrong as i64, limits::CODE_TRIES - 1);
        assert!(outcomes.iter().all(|outcome| !matches!(outcome, CodeOutcome::SignedIn(_))));
    }

    fn s3_what_cannot_be_a_code_is_wrong_and_costs_no_try(office) {
        let firm = office.firm("a.example");
        let sign_in = ask(&firm, ADA);
        let code = mail(&firm, sign_in).expect("a mail").code;
        for typed in ["", "12345", "1234567", "12345a", "１２３４５６", &"9".repeat(100_000), "'; --"] {
            assert_eq!(types(&firm, sign_in, typed), CodeOutcome::Wrong);
        }
        assert_eq!(types(&firm, sign_in, &code), CodeOutcome::SignedIn(firm.ada.person));
    }

    fn s3_an_unknown_address_gets_the_same_answers_and_no_mail(office) {
        let firm = office.firm("a.example");
        let unknown = ask(&firm, "nobody@else.example");
        assert_eq!(rows(office, "sign_ins"), 1);
        assert_eq!(rows(office, "deliveries"), 0);
        assert!(mail(&firm, unknown).is_none());
        let known = ask(&firm, ADA);
        assert_eq!(rows(office, "deliveries"), 1);
        let wrong = another(&mail(&firm, known).expect("a mail").code);
        for _ in 0..limits::CODE_TRIES + 2 {
            assert_eq!(types(&firm, unknown, &wrong), types(&firm, known, &wrong));
        }
    }

    fn s3_a_request_that_never_was_is_over(office) {
        let firm = office.firm("a.example");
        let made_up = SignInId::new(office.now());
        assert_eq!(types(&firm, made_up, "123456"), CodeOutcome::Over);
        assert_eq!(types(&firm, made_up, "12"), CodeOutcome::Wrong);
        assert!(mail(&firm, made_up).is_none());
        not_found(look(office, "no such secret"));
        not_found(tap(office, ""));
    }

    fn s3_a_deactivated_person_gets_no_mail_and_does_not_get_in(office) {
        let firm = office.firm("a.example");
        let bo = firm.client("Bo", &[]);
        let before = ask(&firm, "bo@client.example");
        let prepared = mail(&firm, before).expect("a mail");
        let invitation = link(&firm, bo, LinkKind::Invitation);
        firm.deactivate(firm.ada, bo).unwrap();
        assert_eq!(types(&firm, before, &prepared.code), CodeOutcome::Over);
        for secret in [prepared.link_secret.reveal(), &invitation] {
            not_found(look(office, secret));
            not_found(tap(office, secret));
        }
        let after = ask(&firm, "bo@client.example");
        assert!(mail(&firm, after).is_none());
        let workspace = firm.workspace;
        let made = office.write(move |tx| sign_in_links::create_link(tx, workspace, bo, LinkKind::Command).map(|_| ()));
        not_found(made);
    }

    fn s3_asking_is_limited_by_address_known_or_not(office) {
        let firm = office.firm("a.example");
        for (number, email) in [ADA, "nobody@else.example"].into_iter().enumerate() {
            let sender = format!("198.51.100.{number}");
            for _ in 0..ASKED_BY_ADDRESS_MAX {
                ask_from(office, firm.workspace, email, &sender).unwrap();
            }
            office.wait_minutes(5);
            // Neither other capitalization nor another sender makes it another address.
            let wait = wait_of(ask_from(office, firm.workspace, &email.to_uppercase(), "203.0.113.9"));
            assert_eq!(wait, limits::SIGN_IN_LASTS - Duration::from_secs(300));
            office.wait(wait);
            ask_from(office, firm.workspace, email, &sender).unwrap();
        }
    }

    fn s3_asking_is_limited_by_sender(office) {
        let firm = office.firm("a.example");
        for number in 0..ASKED_BY_SENDER_MAX {
            ask_from(office, firm.workspace, &format!("p{number}@else.example"), "2001:db8::1").unwrap();
        }
        // Another IPv6 address of the same network counts as the same sender; a neighboring network does not.
        wait_of(ask_from(office, firm.workspace, ADA, "2001:db8::2"));
        ask_from(office, firm.workspace, ADA, "2001:db8:0:1::2").unwrap();
        office.wait(limits::SIGN_IN_LASTS);
        ask_from(office, firm.workspace, ADA, "2001:db8::2").unwrap();
    }

    fn s3_what_is_refused_leaves_nothing_behind(office) {
        let firm = office.firm("a.example");
        for _ in 0..ASKED_BY_ADDRESS_MAX {
            ask(&firm, ADA);
        }
        for _ in 0..100 {
            wait_of(ask_from(office, firm.workspace, ADA, SENDER));
        }
        assert_eq!(rows(office, "sign_ins"), ASKED_BY_ADDRESS_MAX);
        assert_eq!(rows(office, "deliveries"), ASKED_BY_ADDRESS_MAX);
        // Refused requests do not count against the sender, who may still use other addresses.
        ask(&firm, "else@firm.example");
    }

    fn s3_a_malformed_address_is_told_at_its_field(office) {
        let firm = office.firm("a.example");
        for (email, problem) in [("", Problem::Empty), ("ada", Problem::NoAddress), ("a@b.de\nx", Problem::ControlCharacters)] {
            match ask_from(office, firm.workspace, email, SENDER) {
                Err(Error::Field { field: "email", problem: found }) => assert_eq!(found, problem),
                other => panic!("{email:?}: {other:?}"),
            }
        }
        assert_eq!(rows(office, "tries"), 0);
    }

    fn s1_nothing_of_one_workspace_works_in_another(office) {
        let (firm, other) = (office.firm("a.example"), office.firm("b.example"));
        let sign_in = ask(&firm, ADA);
        assert!(mail(&other, sign_in).is_none());
        let prepared = mail(&firm, sign_in).expect("a mail");
        assert_eq!(types(&other, sign_in, &prepared.code), CodeOutcome::Over);
        let (workspace, person) = tap(office, prepared.link_secret.reveal()).unwrap();
        assert_eq!((workspace, person), (firm.workspace, firm.ada.person));
        // Ada of the other firm is a different person with the same address.
        assert_ne!(person, other.ada.person);
        let secret = office.write(move |tx| sessions::start(tx, workspace, person, "Browser")).unwrap();
        let elsewhere = other.workspace;
        let found = office.read(move |reader| sessions::of_secret(reader, "b.example", secret.reveal())).unwrap();
        assert_eq!(found, None);
        // The limit for an address in one workspace does not apply in another.
        for _ in 1..ASKED_BY_ADDRESS_MAX {
            ask(&firm, ADA);
        }
        wait_of(ask_from(office, firm.workspace, ADA, SENDER));
        ask(&other, ADA);
        not_found(office.write(move |tx| sign_in_links::create_link(tx, elsewhere, person, LinkKind::Demo).map(|_| ())));
    }

    fn s3_old_requests_links_and_tries_are_swept_and_young_ones_stay(office) {
        let firm = office.firm("a.example");
        let old = mail(&firm, ask(&firm, ADA)).expect("a mail").link_secret;
        office.wait(Duration::from_secs(8 * 24 * 3600));
        let young = ask(&firm, ADA);
        let prepared = mail(&firm, young).expect("a mail");
        let swept = office.write(|tx| Ok((sign_in_requests::sweep(tx)?, rate_limits::sweep(tx)?))).unwrap();
        assert_eq!(swept, (2, 0), "the counters have begun anew");
        assert_eq!(office.write(|tx| sign_in_requests::sweep(tx)).unwrap(), 0);
        not_found(look(office, old.reveal()));
        assert_eq!(types(&firm, young, &prepared.code), CodeOutcome::SignedIn(firm.ada.person));
        office.wait(rate_limits::WINDOW_MAX);
        assert_eq!(office.write(|tx| rate_limits::sweep(tx)).unwrap(), 2);
        assert_eq!(rows(office, "tries"), 0);
    }
}
