//! The same thing done by several at the same moment: on either engine it goes as if one had come after the other. Nobody is
//! answered an error that they would not get then.

use std::sync::Barrier;
use std::thread;

use crate::support::Office;
use crate::support::files::ROOM;
use crate::support::people::{Firm, new_client, new_internal};
use domain::administration::{clients, companies, deactivation, set_up, team};
use domain::arrival::joining::{self, JoiningChange};
use domain::arrival::{invitations, sign_in};
use domain::channels::notifications::{self, Search};
use domain::channels::starting::{self, Subject};
use domain::channels::{members, notification_marks};
use domain::files::creating;
use domain::files::uploads::{self, Purpose};
use domain::identity::sign_ups::{self, SignUpInput};
use domain::kernel::access::{Actor, Role};
use domain::kernel::error::{self, Error, Problem};
use domain::kernel::idempotency::{self, Question};
use domain::kernel::ids::{ChannelId, KeyId, PersonId, WorkspaceId};
use domain::kernel::rate_limits;
use domain::messages::editing;
use domain::messages::sending::{self, Draft};
use domain::notify::phone_settings;
use domain::tenant::api_keys;
use domain::tenant::early_access::{self, EntryInput};
use domain::webhooks::webhook::{self, EventFilter};
use store::Tx;

/// As many as that do the same.
const MANY: usize = 6;
/// And as often: they do not meet every time.
const TIMES: usize = 8;

/// Runs `deed` on as many threads at once; each is given its number.
fn at_once<T: Send + 'static>(
    office: &Office,
    deed: impl Fn(&mut Tx, usize) -> error::Result<T> + Clone + Send + 'static,
) -> Vec<error::Result<T>> {
    let start = Barrier::new(MANY);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..MANY)
            .map(|number| {
                let (deed, start) = (deed.clone(), &start);
                scope.spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
                    start.wait();
                    runtime.block_on(office.store.write(move |tx| deed(tx, number)))
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    })
}

/// All of them, and all the same.
fn one_answer<T: std::fmt::Debug + PartialEq>(answers: Vec<error::Result<T>>) -> T {
    let mut answers: Vec<T> = answers.into_iter().map(|answer| answer.expect("an answer")).collect();
    let first = answers.pop().expect("an answer");
    assert!(answers.iter().all(|answer| *answer == first), "{first:?}, but also {answers:?}");
    first
}

/// How many succeeded; `is_expected` says why the others did not.
fn successes<T: std::fmt::Debug>(
    answers: Vec<error::Result<T>>,
    is_expected: impl Fn(&Error) -> bool,
) -> usize {
    let (good, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    for answer in refused {
        let error = answer.expect_err("a refusal");
        assert!(is_expected(&error), "{error:?}");
    }
    good.len()
}

fn is_taken(error: &Error) -> bool {
    matches!(error, Error::Field { problem: Problem::Taken, .. })
}

fn is_conflict(error: &Error) -> bool {
    matches!(error, Error::Conflict(_))
}

fn draft(firm: &Firm<'_>, channel: ChannelId, text: &str) -> Draft {
    firm.office.draft(channel, text, None)
}

both_engines! {
    fn m2_the_same_message_at_once_is_sent_once_and_everybody_gets_the_same_answer(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        for time in 1..=TIMES {
            let told = firm.told().len();
            let draft = draft(&firm, channel, "once");
            one_answer(at_once(office, move |tx, _| sending::send(tx, &maria, &draft)));
            assert_eq!(office.texts(maria, channel).len(), time);
            assert_eq!(firm.told().len(), told + 1, "nobody hears of it twice");
        }
    }

    fn m2_the_same_id_at_once_in_several_channels_is_one_message(office) {
        let firm = office.firm("a.example");
        let ada = firm.ada;
        let channels: Vec<ChannelId> =
            (0..MANY).map(|number| firm.channel_of(firm.client(&format!("Client{number}"), &[]))).collect();
        for _ in 0..TIMES {
            let (one, channels) = (draft(&firm, channels[0], "once"), channels.clone());
            let sent = at_once(office, move |tx, number| {
                sending::send(tx, &ada, &Draft { channel: channels[number], ..one.clone() })
            });
            assert_eq!(successes(sent, is_conflict), 1);
        }
    }

    fn m4_many_messages_at_once_have_one_order(office) {
        let firm = office.firm("a.example");
        let (ada, maria) = (firm.ada, firm.client_actor("Maria", &[]));
        let channel = firm.channel_of(maria.person);
        for _ in 0..TIMES {
            let drafts: Vec<Draft> = (0..MANY).map(|_| draft(&firm, channel, "x")).collect();
            let sent = at_once(office, move |tx, number| {
                sending::send(tx, if number % 2 == 0 { &ada } else { &maria }, &drafts[number])
            });
            assert_eq!(successes(sent, |_| false), MANY);
        }
        assert_eq!(office.sees(maria, channel).unwrap().last_position, (MANY * TIMES) as i64);
    }

    fn c1_a_channel_started_at_once_is_one_channel(office) {
        let firm = office.firm("a.example");
        let (ada, acme) = (firm.ada, firm.company("Acme"));
        for time in 0..TIMES {
            let bo = firm.client(&format!("Bo{time}"), &[acme]);
            one_answer(at_once(office, move |tx, _| starting::create(tx, &ada, &Subject::Client(bo))));
            let cy = firm.client(&format!("Cy{time}"), &[acme]);
            one_answer(at_once(office, move |tx, _| starting::create(tx, &ada, &Subject::Group(acme, vec![bo, cy]))));
        }
    }

    fn p1_an_address_and_a_name_are_given_away_once(office) {
        let firm = office.firm("a.example");
        let ada = firm.ada;
        for time in 0..TIMES {
            let new = new_client(&format!("Bo{time}"), &[]);
            assert_eq!(successes(at_once(office, move |tx, _| clients::add_client(tx, &ada, &new)), is_taken), 1);
            let new = new_internal(&format!("Cy{time}"), Role::Staff);
            assert_eq!(successes(at_once(office, move |tx, _| team::add_internal(tx, &ada, &new)), is_taken), 1);
            let name = format!("Acme {time}");
            assert_eq!(successes(at_once(office, move |tx, _| companies::add(tx, &ada, &name)), is_taken), 1);
        }
    }

    fn s2_an_invitation_accepted_at_once_lets_one_in(office) {
        let firm = office.firm("a.example");
        let (ada, workspace) = (firm.ada, firm.workspace);
        for time in 0..TIMES {
            let bo = firm.client(&format!("Bo{time}"), &[]);
            assert_eq!(successes(at_once(office, move |tx, _| invitations::invite(tx, &ada, bo)), |_| false), MANY);
            let prepared = office.write(move |tx| invitations::prepare_invitation(tx, workspace, bo)).unwrap().unwrap();
            let secret = prepared.link_secret.reveal().to_string();
            assert_eq!(successes(at_once(office, move |tx, _| sign_in::by_link(tx, &secret)), is_conflict), 1);
        }
    }

    fn s14_a_sign_up_completed_at_once_is_one_account(office) {
        let firm = office.firm("a.example");
        let (ada, workspace) = (firm.ada, firm.workspace);
        let change = JoiningChange { sign_up: Some(true), ..JoiningChange::default() };
        office.write(move |tx| joining::change(tx, &ada, &change)).unwrap();
        let people = office.rows("people");
        let new = SignUpInput { given_name: "Rui".to_string(), email: "rui@acme.example".to_string(), ..SignUpInput::default() };
        let asked = at_once(office, move |tx, number| sign_ups::ask(tx, workspace, &new, &format!("192.0.2.{number}")));
        let secrets: Vec<String> = asked.into_iter().filter_map(Result::ok).map(|asked| {
            let mail = office.write(move |tx| sign_in::prepare_mail(tx, workspace, asked)).unwrap().expect("a mail");
            mail.link_secret.reveal().to_string()
        }).collect();
        let count = secrets.len();
        let secrets = std::sync::Arc::new(secrets);
        successes(at_once(office, move |tx, number| sign_in::by_link(tx, &secrets[number % count])), |error| {
            is_conflict(error) || matches!(error, Error::NotFound)
        });
        assert_eq!(office.rows("people"), people + 1);
        assert_eq!(office.rows("welcomes"), 1, "greeted once (W1)");
    }

    fn b4_a_host_is_given_away_once_and_a_portal_is_set_up_once(office) {
        let given = |host: &str| set_up::SetUp {
            brand: "Brand".to_string(),
            given_name: "Ada".to_string(),
            family_name: String::new(),
            email: format!("ada@{host}"),
        };
        let first = given("a.example");
        let secret = office.write(set_up::set_up_link).unwrap().unwrap().reveal().to_string();
        let done = at_once(office, move |tx, _| set_up::set_up(tx, Some(&secret), &first));
        assert_eq!(successes(done, |error| !matches!(error, Error::Store(_))), 1);
        for time in 0..TIMES {
            let host = format!("{time}.example");
            let new = given(&host);
            let added = at_once(office, move |tx, _| set_up::add_with_admin(tx, &host, &new));
            assert_eq!(successes(added, |error| !matches!(error, Error::Store(_))), 1);
        }
    }

    fn p1_a_call_repeated_at_once_is_made_once(office) {
        let firm = office.firm("a.example");
        let ada = firm.ada;
        for time in 0..TIMES {
            let question = Question { key: KeyId::new(office.now()), name_hash: [1; 32], request_hash: [2; 32] };
            let answer = move |tx: &mut Tx, number: usize| {
                if let Some(first) = idempotency::known(tx, &ada, &question)? {
                    return Ok(first);
                }
                companies::add(tx, &ada, &format!("Acme {time}"))?;
                let answer = vec![u8::try_from(number).unwrap()];
                idempotency::record_answer(tx, &ada, &question, &answer)?;
                Ok(answer)
            };
            one_answer(at_once(office, answer));
        }
    }

    fn e1_an_entry_sent_at_once_is_kept_once(office) {
        let firm = office.firm("a.example");
        let workspace = Some(firm.workspace);
        for time in 0..TIMES {
            let entry = EntryInput {
                name: format!("Rui {time}"),
                email: "rui@later.example".to_string(),
                company: "Later".to_string(),
                trap: String::new(),
            };
            let sent = at_once(office, move |tx, number| early_access::submit(tx, workspace, &entry, &format!("192.0.2.{number}")));
            assert_eq!(successes(sent, |_| false), MANY);
        }
        assert_eq!(office.rows("early_access"), TIMES as i64);
    }

    fn f1_the_same_bytes_at_once_are_stored_once(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        for time in 0..TIMES {
            let begun: Vec<_> = (0..MANY)
                .map(|_| office.announces(maria, channel, Purpose::Folder(None), "plan.txt", Some(9), ROOM).unwrap().id)
                .collect();
            let arrived: Vec<_> = begun.iter().map(|_| office.arrived(format!("plan {time:04}").as_bytes(), "plan.txt")).collect();
            let done = at_once(office, move |tx, number| uploads::complete(tx, &maria, begun[number], &arrived[number], &ROOM));
            assert_eq!(successes(done, |_| false), MANY);
            assert_eq!(office.rows("blobs"), time as i64 + 1);
        }
        let names = office.names(maria, channel, None);
        assert_eq!(names.len(), MANY * TIMES, "each under a name of its own: {names:?}");
    }

    fn f1_files_sent_at_once_get_names_of_their_own(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        for _ in 0..TIMES {
            let drafts: Vec<Draft> = (0..MANY)
                .map(|_| Draft { attachments: vec![office.ready(maria, channel, "plan.txt", b"plan")], ..draft(&firm, channel, "") })
                .collect();
            let sent = at_once(office, move |tx, number| sending::send(tx, &maria, &drafts[number]));
            assert_eq!(successes(sent, |_| false), MANY);
            let made = at_once(office, move |tx, _| creating::make_folder(tx, &maria, channel, None, "Plans"));
            assert_eq!(successes(made, |error| !matches!(error, Error::Store(_))), MANY);
        }
    }

    fn m6_reading_muting_and_marking_at_once_disturb_nobody(office) {
        let firm = office.firm("a.example");
        let (ada, maria) = (firm.ada, firm.client_actor("Maria", &[]));
        let channel = firm.channel_of(maria.person);
        office.write(move |tx| invitations::invite(tx, &ada, maria.person)).unwrap();
        for _ in 0..TIMES {
            office.posts(ada, channel, "x");
            let position = office.posts(ada, channel, "y").position;
            let search = Search { recipient: Some(maria.person), ..Search::default() };
            let open = office.read(move |reader| notifications::list(reader, &maria, &search, 1)).unwrap().remove(0).id;
            let done = at_once(office, move |tx, number| match number % 3 {
                0 => members::read_up_to(tx, &maria, channel, position).map(|_| ()),
                1 => notification_marks::mark_read(tx, &maria, open).map(|_| ()),
                _ => notification_marks::mark_unread(tx, &maria, open).map(|_| ()),
            });
            assert_eq!(successes(done, |_| false), MANY);
            assert_eq!(office.unread(maria, channel), 0);
        }
    }

    fn m5_deleted_and_edited_at_once_a_message_stays_deleted_and_counts_once(office) {
        let firm = office.firm("a.example");
        let (ada, maria) = (firm.ada, firm.client_actor("Maria", &[]));
        let channel = firm.channel_of(maria.person);
        for _ in 0..TIMES {
            let gone = office.posts(ada, channel, "gone").id;
            office.posts(ada, channel, "here");
            let done = at_once(office, move |tx, number| match number % 3 {
                0 => editing::edit(tx, &ada, gone, &format!("gone {number}")),
                _ => editing::delete(tx, &ada, gone),
            });
            successes(done, is_conflict);
            let texts = office.texts(maria, channel);
            assert!(texts.iter().all(|text| text.is_empty() || text == "here"), "{texts:?}");
        }
        assert_eq!(office.unread(maria, channel), TIMES as i64);
    }

    fn m6_read_at_once_the_position_only_moves_forward(office) {
        let firm = office.firm("a.example");
        let (ada, maria) = (firm.ada, firm.client_actor("Maria", &[]));
        let channel = firm.channel_of(maria.person);
        for time in 0..TIMES {
            for _ in 0..MANY {
                office.posts(ada, channel, "x");
            }
            let before = (time * MANY) as i64;
            let read = at_once(office, move |tx, number| {
                members::read_up_to(tx, &maria, channel, before + number as i64 + 1)
            });
            assert_eq!(successes(read, |_| false), MANY);
            assert_eq!(office.member(maria, channel).read_position, before + MANY as i64);
            assert_eq!(office.unread(maria, channel), 0);
        }
    }

    fn n9_a_number_given_at_once_is_one_number(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let given = at_once(office, move |tx, number| phone_settings::give(tx, &maria, &format!("+44 20 7946 00{number}8")));
        successes(given, |error| matches!(error, Error::TooMany(_)));
        assert_eq!(office.rows("phones"), 1);
    }

    fn s3_a_limit_holds_at_once(office) {
        for time in 0..TIMES {
            let hit = at_once(office, move |tx, _| {
                rate_limits::hit(tx, &format!("x{time}"), std::time::Duration::from_secs(60), 2)
            });
            assert_eq!(successes(hit, |error| matches!(error, Error::TooMany(_))), 2);
        }
    }

    fn d2_h1_no_more_keys_and_webhooks_than_allowed_at_once(office) {
        let firm = office.firm("a.example");
        let ada = firm.ada;
        let key = move |tx: &mut Tx, _| api_keys::create(tx, &ada, "Key").map(|_| ());
        let hook = move |tx: &mut Tx, _| {
            webhook::create(tx, &ada, "https://hooks.example", &EventFilter::everything()).map(|_| ())
        };
        for _ in 0..api_keys::KEYS_MAX - 1 {
            office.write(move |tx| key(tx, 0)).unwrap();
        }
        for _ in 0..webhook::WEBHOOKS_MAX - 1 {
            office.write(move |tx| hook(tx, 0)).unwrap();
        }
        assert_eq!(successes(at_once(office, key), is_conflict), 1);
        assert_eq!(successes(at_once(office, hook), is_conflict), 1);
    }

    fn p1_two_admins_who_remove_each_other_leave_one(office) {
        let firm = office.firm("a.example");
        for time in 0..TIMES {
            let (ada, bea) = (firm.ada, firm.admin(&format!("Bea{time}")));
            let done = at_once(office, move |tx, number| {
                let (who, whom): (Actor, PersonId) = if number % 2 == 0 { (ada, bea.person) } else { (bea, ada.person) };
                deactivation::deactivate(tx, &who, whom)
            });
            successes(done, |error| !matches!(error, Error::Store(_)));
            let workspace: WorkspaceId = firm.workspace;
            let admins: i64 = office.read(move |reader| Ok(reader.one(
                "SELECT count(*) FROM people WHERE workspace = $1 AND role = 'admin' AND deactivated_at IS NULL",
                &[&workspace],
                |row| row.get(0),
            )?)).unwrap();
            assert!(admins >= 1);
            office.write(move |tx| deactivation::reactivate(tx, &bea, ada.person)).ok();
        }
    }
}
