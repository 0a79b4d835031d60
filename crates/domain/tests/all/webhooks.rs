//! Webhooks and their calls (H1 to H6). Sending is tested in `workers`.

use std::time::Duration;

use crate::support::Office;
use crate::support::people::{Firm, forbidden, not_found, refused};
use domain::kernel::access::Actor;
use domain::kernel::error::{self, Error, Problem};
use domain::kernel::ids::{CallId, WebhookId};
use domain::notify::deliveries::{self, LEASE};
use domain::notify::delivery::{self, CALLS_RETRIED_FOR, Delivery};
use domain::notify::webhook_deliveries;
use domain::webhooks::call_attempts::{self, Outcome, Try, Verdict};
use domain::webhooks::call_history;
use domain::webhooks::calls::{self, WAITING_MAX};
use domain::webhooks::webhook::{self, EventFilter, URL_CHARACTERS, WEBHOOKS_MAX, Webhook};

const URL: &str = "https://hooks.example/portal";

fn make(office: &Office, actor: Actor, url: &str) -> error::Result<(Webhook, Vec<u8>)> {
    let url = url.to_string();
    office.write(move |tx| webhook::create(tx, &actor, &url, &EventFilter::everything()))
}

fn made(office: &Office, firm: &Firm<'_>) -> WebhookId {
    make(office, firm.ada, URL).expect("a webhook").0.id
}

fn list(office: &Office, actor: Actor) -> error::Result<Vec<Webhook>> {
    office.read(move |reader| webhook::list(reader, &actor, None, 1_000))
}

fn follow(office: &Office, firm: &Firm<'_>, webhook: WebhookId) -> usize {
    let workspace = firm.workspace;
    office.write(move |tx| calls::enqueue_calls(tx, workspace, webhook)).expect("followed")
}

fn take(office: &Office, firm: &Firm<'_>, webhook: WebhookId) -> Vec<Delivery> {
    let workspace = firm.workspace;
    office.write(move |tx| webhook_deliveries::claim_calls(tx, workspace, webhook, 1_000)).expect("taken")
}

fn shown(office: &Office, actor: Actor, webhook: WebhookId) -> Vec<call_history::Call> {
    office.read(move |reader| call_history::list(reader, &actor, webhook, None, 1_000)).expect("calls")
}

fn record(office: &Office, webhook: WebhookId, delivery: &Delivery, verdict: Verdict) -> Outcome {
    let delivery = delivery.clone();
    office
        .write(move |tx| {
            let delivery::Kind::Webhook(call) = delivery.kind else { panic!("{delivery:?}") };
            let tried = Try {
                at: tx.now(),
                took: Duration::from_millis(12),
                status: Some(500),
                said: "no\0".to_string(),
            };
            call_attempts::record(tx, &delivery, webhook, call, &tried, verdict)
        })
        .expect("recorded")
}

both_engines! {
    fn h1_admins_alone_make_them_and_each_firm_sees_its_own(office) {
        let (firm, elsewhere) = (office.firm("a.example"), office.firm("b.example"));
        let (tom, maria) = (firm.staff("Tom"), firm.client_actor("Maria", &[]));
        let (webhook, secret) = make(office, firm.ada, &format!(" {URL} ")).expect("a webhook");
        assert_eq!((webhook.url.as_str(), webhook.person, webhook.created_at), (URL, firm.ada.person, office.now()));
        assert_eq!((webhook.disabled_at, webhook.taken_at, secret.len()), (None, None, 32));
        office.wait_minutes(1);
        let other = make(office, firm.ada, URL).expect("another");
        assert_ne!(secret, other.1);
        assert_eq!(list(office, firm.ada).expect("a list"), [other.0, webhook.clone()]);
        assert!(list(office, elsewhere.ada).expect("a list").is_empty());

        forbidden(make(office, tom, URL));
        forbidden(list(office, tom));
        not_found(make(office, maria, URL));
        not_found(list(office, maria));
        let id = webhook.id;
        let nothing = CallId::new(office.now());
        for (who, is_there) in [(tom, true), (maria, false), (elsewhere.ada, false)] {
            let outcomes = [
                office.write(move |tx| webhook::delete(tx, &who, id)),
                office.write(move |tx| webhook::enable(tx, &who, id)),
                office.write(move |tx| call_history::again(tx, &who, id, nothing)),
                office.read(move |reader| call_history::list(reader, &who, id, None, 10)).map(|_| ()),
                office.read(move |reader| webhook::find(reader, &who, id)).map(|_| ()),
            ];
            for outcome in outcomes {
                if is_there { forbidden(outcome) } else { not_found(outcome) }
            }
        }
        let ada = firm.ada;
        office.write(move |tx| webhook::delete(tx, &ada, id)).expect("deleted");
        not_found(office.write(move |tx| webhook::delete(tx, &ada, id)));
        not_found(office.write(move |tx| webhook::enable(tx, &ada, id)));
        assert_eq!(list(office, firm.ada).expect("a list").len(), 1);
    }

    fn h1_an_address_that_is_none_is_refused_and_so_is_one_too_many(office) {
        let firm = office.firm("a.example");
        for (url, problem) in [
            ("", Problem::Empty),
            ("hooks.example", Problem::NoLink),
            ("ftp://hooks.example/", Problem::NoLink),
            ("https://hooks.example/\r\nx", Problem::ControlCharacters),
            (&*format!("https://hooks.example/{}", "a".repeat(URL_CHARACTERS)), Problem::TooLong(URL_CHARACTERS)),
        ] {
            refused(make(office, firm.ada, url), "url", problem);
        }
        for _ in 0..WEBHOOKS_MAX {
            make(office, firm.ada, URL).expect("a webhook");
        }
        assert!(matches!(make(office, firm.ada, URL), Err(Error::Conflict(_))));
        let (ada, first) = (firm.ada, list(office, firm.ada).expect("a list")[0].id);
        office.write(move |tx| webhook::delete(tx, &ada, first)).expect("deleted");
        make(office, firm.ada, URL).expect("room again");
    }

    fn h3_each_event_from_its_making_on_is_one_call(office) {
        let (firm, elsewhere) = (office.firm("a.example"), office.firm("b.example"));
        let channel = firm.channel_of(firm.client("Maria", &[]));
        let webhook = made(office, &firm);
        assert_eq!(office.read(calls::behind).expect("a list"), []);
        for number in 0..3 {
            office.posts(firm.ada, channel, &number.to_string());
        }
        elsewhere.client("Oskar", &[]);
        assert_eq!(office.read(calls::behind).expect("a list"), [(firm.workspace, webhook)]);
        assert!(follow(office, &firm, webhook) >= 3);
        assert_eq!(follow(office, &firm, webhook), 0);
        let kinds: Vec<String> = shown(office, firm.ada, webhook).into_iter().map(|call| call.kind).collect();
        assert_eq!(kinds, ["message.sent"; 3]);
        assert_eq!(office.read(calls::due).expect("a list"), [(firm.workspace, webhook)]);
    }

    fn h3_a_call_is_held_by_one_worker_and_by_the_next_when_its_lease_is_over(office) {
        let firm = office.firm("a.example");
        let channel = firm.channel_of(firm.client("Maria", &[]));
        let webhook = made(office, &firm);
        office.posts(firm.ada, channel, "one");
        follow(office, &firm, webhook);
        let slow = take(office, &firm, webhook).remove(0);
        assert!(take(office, &firm, webhook).is_empty());
        assert!(office.read(calls::due).expect("a list").is_empty());
        assert!(office.write(|tx| deliveries::claim(tx, 10)).expect("mails").is_empty(), "no mail");
        office.wait(LEASE);
        let quick = take(office, &firm, webhook).remove(0);
        assert_eq!((quick.id, quick.kind, quick.tries), (slow.id, slow.kind, 2));
        assert!(matches!(record(office, webhook, &quick, Verdict::NotNow), Outcome::Again(_)));
        // An acceptance counts even if it is recorded late.
        assert_eq!(record(office, webhook, &slow, Verdict::Taken), Outcome::Taken);
        let call = shown(office, firm.ada, webhook).remove(0);
        assert_eq!((call.taken_at, call.next_try_at, call.tries.len()), (Some(office.now()), None, 2));
        assert_eq!(call.tries[0].said, "no");
        office.wait(CALLS_RETRIED_FOR);
        assert!(take(office, &firm, webhook).is_empty());
    }

    fn h3_of_what_waits_only_the_next_calls_are_made(office) {
        let firm = office.firm("a.example");
        let channel = firm.channel_of(firm.client("Maria", &[]));
        let webhook = made(office, &firm);
        for number in 0..WAITING_MAX + 5 {
            office.posts(firm.ada, channel, &number.to_string());
        }
        while follow(office, &firm, webhook) > 0 {}
        let most = usize::try_from(WAITING_MAX).expect("a number");
        assert_eq!(shown(office, firm.ada, webhook).len(), most);
        let taken = take(office, &firm, webhook);
        record(office, webhook, &taken[0], Verdict::Taken);
        follow(office, &firm, webhook);
        assert_eq!(shown(office, firm.ada, webhook).len(), most + 1);
    }

    fn h5_one_that_is_gone_is_switched_off_and_all_that_waits_is_given_up(office) {
        let firm = office.firm("a.example");
        let channel = firm.channel_of(firm.client("Maria", &[]));
        let eve = firm.admin("Eve");
        firm.staff("Tom");
        let gone = firm.admin("Gone");
        firm.deactivate(firm.ada, gone.person).expect("deactivated");
        let webhook = made(office, &firm);
        office.posts(firm.ada, channel, "one");
        office.posts(firm.ada, channel, "two");
        follow(office, &firm, webhook);
        let taken = take(office, &firm, webhook);
        assert_eq!(record(office, webhook, &taken[0], Verdict::Gone), Outcome::GivenUp);
        let off = list(office, firm.ada).expect("a list").remove(0);
        assert_eq!(off.disabled_at, Some(office.now()));
        let note = delivery::Kind::WebhookOff(webhook);
        let mails = office.write(|tx| deliveries::claim(tx, 10)).expect("mails");
        // There are other mails too: Gone, who signed the welcome message, was deactivated.
        let notes = mails.iter().filter(|mail| mail.kind == note);
        let mut told: Vec<_> = notes.map(|mail| mail.person).collect();
        told.sort_unstable();
        let mut admins = vec![firm.ada.person, eve.person];
        admins.sort_unstable();
        assert_eq!(told, admins);
        // The other call was already being sent.
        record(office, webhook, &taken[1], Verdict::Gone);
        assert!(office.write(|tx| deliveries::claim(tx, 10)).expect("mails").is_empty(), "told once");
        assert!(shown(office, firm.ada, webhook).iter().all(|call| call.next_try_at.is_none()));
        office.posts(firm.ada, channel, "unheard");
        assert_eq!(follow(office, &firm, webhook), 0);
        assert!(office.read(calls::behind).expect("a list").is_empty());
        assert!(office.read(calls::due).expect("a list").is_empty());
        let ada = firm.ada;
        office.write(move |tx| webhook::enable(tx, &ada, webhook)).expect("on again");
        assert_eq!(follow(office, &firm, webhook), 0);
        office.posts(firm.ada, channel, "heard");
        assert_eq!(follow(office, &firm, webhook), 1);
    }

    fn h6_a_call_is_sent_again_by_hand_and_none_is_twice_under_way(office) {
        let firm = office.firm("a.example");
        let channel = firm.channel_of(firm.client("Maria", &[]));
        let webhook = made(office, &firm);
        office.posts(firm.ada, channel, "one");
        follow(office, &firm, webhook);
        let call = shown(office, firm.ada, webhook)[0].id;
        let ada = firm.ada;
        let again = || office.write(move |tx| call_history::again(tx, &ada, webhook, call)).expect("again");
        again();
        let taken = take(office, &firm, webhook);
        assert_eq!(taken.len(), 1, "it waited already");
        again();
        assert!(take(office, &firm, webhook).is_empty(), "it is under way");
        record(office, webhook, &taken[0], Verdict::NotNow);
        again();
        let taken = take(office, &firm, webhook);
        assert_eq!(taken.len(), 1, "at once");
        record(office, webhook, &taken[0], Verdict::Taken);
        again();
        let taken = take(office, &firm, webhook);
        assert_eq!((taken.len(), taken[0].kind), (1, delivery::Kind::Webhook(call)));
        let unknown = CallId::new(office.now());
        not_found(office.write(move |tx| call_history::again(tx, &ada, webhook, unknown)));
    }

    fn h6_what_is_old_or_deleted_is_swept(office) {
        let firm = office.firm("a.example");
        let channel = firm.channel_of(firm.client("Maria", &[]));
        let (webhook, other) = (made(office, &firm), made(office, &firm));
        office.posts(firm.ada, channel, "one");
        for webhook in [webhook, other] {
            follow(office, &firm, webhook);
            let taken = take(office, &firm, webhook).remove(0);
            record(office, webhook, &taken, Verdict::Taken);
        }
        assert_eq!(office.write(|tx| call_history::sweep(tx)).expect("swept"), 0);
        let ada = firm.ada;
        office.write(move |tx| webhook::delete(tx, &ada, webhook)).expect("deleted");
        while office.write(|tx| call_history::sweep(tx)).expect("swept") > 0 {}
        assert_eq!(shown(office, firm.ada, other).len(), 1);
        office.wait(call_history::KEPT + Duration::from_millis(1));
        while office.write(|tx| call_history::sweep(tx)).expect("swept") > 0 {}
        assert!(shown(office, firm.ada, other).is_empty());
        for (table, rows) in [("webhooks", 1), ("webhook_calls", 0), ("webhook_tries", 0), ("deliveries", 0)] {
            let sql = format!("SELECT count(*) FROM {table}");
            let found: i64 = office.read(move |reader| Ok(reader.one(&sql, &[], |row| row.get(0))?)).expect("a count");
            assert_eq!(found, rows, "{table}");
        }
    }
}
