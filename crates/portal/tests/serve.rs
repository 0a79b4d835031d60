//! A running portal: what it prints, which commands work meanwhile, how it stops.

mod support;

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use domain::channels::channel;
use domain::directory::person;
use domain::kernel::access::{self, Actor};
use domain::kernel::error;
use domain::kernel::ids::{ChannelId, MessageId};
use domain::messages::message;
use domain::messages::sending::{self, Draft};
use domain::tenant::workspaces;
use store::{Clock, Setting, Store};
use support::{JANE, Machine, Running, refusal, rows};

#[test]
fn s4_an_empty_portal_prints_its_set_up_link_and_one_that_is_set_up_does_not() {
    let machine = Machine::new();
    let mut running = machine.start(&["serve"]);
    let line = running.line();
    let secret = line.strip_prefix(&format!("Set up this portal: {}/set-up/", running.address)).expect(&line);
    assert!(secret.len() == 64 && secret.bytes().all(|byte| byte.is_ascii_hexdigit()), "{line}");
    for path in ["/healthz", "/readyz", "/metrics", &format!("/set-up/{secret}")] {
        assert_eq!(running.get(path), 200, "{path}");
    }
    assert_eq!(running.get(&format!("/set-up/{}", "0".repeat(64))), 404);
    running.stop();
    machine.init();
    let mut running = machine.start(&["serve"]);
    running.signal("TERM");
    assert_eq!(running.line(), "");
}

#[test]
fn s4_the_set_up_link_begins_with_the_public_address() {
    let machine = Machine::new();
    let mut running = machine.start(&["serve", "--public-url", "https://portal.example"]);
    assert!(running.line().starts_with("Set up this portal: https://portal.example/set-up/"));
    running.stop();
}

#[test]
fn commands_work_beside_it_and_know_where_it_is_reached() {
    let machine = Machine::new();
    let running = machine.start(&["serve"]);
    machine.init();
    let link = machine.succeeds(&["sign-in-link", JANE]);
    assert!(link.starts_with(&format!("{}/sign-in/link/", running.address)), "{link}");
    assert_eq!(running.get(link[running.address.len()..].trim_end()), 200);
    running.sign_in(link.trim_end());
    machine.succeeds(&["key", "create", "--as", JANE]);
    machine.succeeds(&["doctor"]);
    machine.succeeds(&["backup", "portal.backup"]);
    running.stop();
    assert!(!machine.path("data/address").exists());
}

#[test]
fn the_data_folder_is_served_once() {
    let machine = Machine::new();
    let running = machine.start(&["serve"]);
    let said = machine.fails(&["serve", "--listen", "127.0.0.1:0", "--log", "off"]);
    let expected = format!("portal: the data folder ./data is being served already at {}", running.address);
    assert!(said.starts_with(&expected), "{said}");
    assert_eq!(running.get("/healthz"), 200);
    // A crash leaves nothing to clean up.
    running.signal("KILL");
    assert_eq!(running.wait().code(), None);
    machine.start(&["serve"]).stop();
}

#[test]
fn an_address_in_use_is_told() {
    let machine = Machine::new();
    let running = machine.start(&["serve"]);
    let address = running.address.strip_prefix("http://").unwrap();
    let mut command = machine.command(&["serve", "--data", "other", "--log", "off", "--listen", address]);
    let said = refusal(&mut command);
    assert!(
        said.starts_with(&format!(
            "portal: listen: given was `{address}`; expected is a free address of this machine: "
        )),
        "{said}"
    );
}

#[test]
fn either_signal_stops_it_in_order() {
    let machine = Machine::new();
    for signal in ["TERM", "INT"] {
        let running = machine.start(&["serve"]);
        running.signal(signal);
        assert_eq!(running.wait().code(), Some(0));
        // The log was moved into the database, which is complete without it.
        let log = machine.path("data/portal.db-wal");
        assert!(!log.exists() || log.metadata().unwrap().len() == 0);
    }
}

#[test]
fn open_streams_do_not_hold_it_up() {
    let machine = Machine::new();
    let mut running = machine.start(&["demo", "--data", "data"]);
    let streams: Vec<_> = introduction(&mut running)
        .iter()
        .map(|(_, address)| running.stream(&running.sign_in(address)))
        .collect();
    let begun = Instant::now();
    running.stop();
    assert!(begun.elapsed() < Duration::from_secs(5), "it took {:?}", begun.elapsed());
    for mut stream in streams {
        let mut rest = String::new();
        stream.read_to_string(&mut rest).expect("its end");
    }
}

/// Maya and her own channel.
async fn maya(store: &Store) -> (Actor, ChannelId) {
    let found = store.read(|reader| {
        let workspace = workspaces::all(reader)?.remove(0).id;
        let maya = person::by_email(reader, workspace, "maya@northwind.example")?.expect("Maya").id;
        let actor = access::actor(reader, workspace, maya)?.expect("Maya");
        let channel = channel::of_subject(reader, workspace, maya.0)?.expect("her channel");
        Ok::<_, error::Error>((actor, channel))
    });
    found.await.expect("Maya and her channel")
}

async fn say(store: &Store, actor: Actor, channel: ChannelId, text: String) {
    let sent = store.write(move |tx| {
        let draft =
            Draft { id: MessageId::new(tx.now()), channel, text, attachments: Vec::new(), shown: None };
        sending::send(tx, &actor, &draft)
    });
    sent.await.expect("a message");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_a_busy_portal_is_one_moment_of_it() {
    let machine = Machine::new();
    let running = machine.start(&["demo", "--data", "data"]);
    let store =
        Store::open(&Setting::Sqlite(machine.path("data/portal.db")), Clock::System, domain::MIGRATIONS)
            .unwrap();
    let (actor, channel) = maya(&store).await;
    let is_enough = Arc::new(AtomicBool::new(false));
    let writing = {
        let (store, is_enough) = (store.clone(), Arc::clone(&is_enough));
        tokio::spawn(async move {
            let mut count = 0;
            while !is_enough.load(Ordering::SeqCst) {
                say(&store, actor, channel, format!("Number {count}")).await;
                count += 1;
            }
            count
        })
    };
    say(&store, actor, channel, "Before the backup".to_string()).await;
    machine.succeeds(&["backup", "portal.backup"]);
    is_enough.store(true, Ordering::SeqCst);
    let written = writing.await.unwrap();
    assert!(written > 0);
    store.close();
    running.stop();

    machine.succeeds(&["restore", "portal.backup", "--data", "restored"]);
    let setting = Setting::Sqlite(machine.path("restored/portal.db"));
    let store = Store::open(&setting, Clock::System, domain::MIGRATIONS).unwrap();
    let torn = store.read(|reader| {
        reader.one(
            "SELECT (SELECT count(*) FROM channels c WHERE c.last_position <> (SELECT count(*) FROM messages m \
             WHERE m.workspace = c.workspace AND m.channel = c.id)) \
             + (SELECT count(*) FROM journal_heads h WHERE h.seq <> (SELECT max(j.seq) FROM journal j \
             WHERE j.workspace = h.workspace))",
            &[],
            |row| row.get::<i64>(0),
        )
    });
    assert_eq!(torn.await.unwrap(), 0);
    let found =
        store.read(move |reader| message::page(reader, &actor, channel, message::Window::After(0), i64::MAX));
    assert!(found.await.unwrap().iter().any(|message| message.text == "Before the backup"));
    store.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn n12_posting_and_pages_do_not_notice_a_mail_server_that_hangs_or_is_not_there_and_admins_see_it() {
    let machine = Machine::new();
    machine.start(&["demo", "--data", "data"]).stop();
    let setting = Setting::Sqlite(machine.path("data/portal.db"));
    let store = Store::open(&setting, Clock::System, domain::MIGRATIONS).unwrap();
    let channel = maya(&store).await.1.to_string();
    store.close();
    // It accepts connections and never answers.
    let hangs = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        closed.local_addr().unwrap()
    };
    for (server, seen) in [(hangs.local_addr().unwrap(), None), (nobody, Some("Email is tried again"))] {
        let running = machine.start(&["serve", "--mail", &format!("smtp://{server}"), "--wait", "1s"]);
        let jane = running.sign_in(machine.succeeds(&["sign-in-link", JANE]).trim_end());
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(4) {
            let asked = Instant::now();
            let id = MessageId::new(store::Time(begun.elapsed().as_millis() as i64)).to_string();
            running.post_message(&channel, &id, "Could you have a look?", &jane);
            assert!(running.page(&format!("/messages/{channel}"), &jane).contains("Could you have a look?"));
            assert!(asked.elapsed() < Duration::from_secs(3), "it was noticed: {:?}", asked.elapsed());
            std::thread::sleep(Duration::from_millis(200));
        }
        while let Some(words) = seen
            && !running.page("/settings/messaging/notices", &jane).contains(words)
        {
            assert!(begun.elapsed() < Duration::from_secs(20), "admins do not see it");
            std::thread::sleep(Duration::from_millis(100));
        }
        // Killed, because a clean stop waits for the mail that hangs.
        running.signal("KILL");
        running.wait();
    }
}

#[test]
fn what_is_restored_is_the_portal_that_was_backed_up() {
    let machine = Machine::new();
    machine.start(&["demo", "--data", "data"]).stop();
    machine.succeeds(&["backup", "first.backup"]);
    let said = machine.fails(&["backup", "first.backup"]);
    assert!(said.contains("first.backup is there already"), "{said}");

    // Also while a portal runs that is not set up yet.
    let mut running = machine.start(&["serve", "--data", "restored"]);
    assert!(running.line().starts_with("Set up this portal: "));
    machine.succeeds(&["restore", "first.backup", "--data", "restored"]);
    machine.succeeds(&["backup", "second.backup", "--data", "restored"]);
    let said = machine.fails(&["restore", "first.backup", "--data", "restored"]);
    assert!(said.contains("there is a portal in this database already"), "{said}");
    running.stop();

    // Previews of pictures are made again later.
    let lasting = |backup: &str| -> Vec<(String, String)> {
        rows(&machine.path(backup)).into_iter().filter(|(table, _)| table != "previews").collect()
    };
    let first = lasting("first.backup");
    assert!(first.len() > 200);
    assert!(lasting("second.backup") == first, "both backups hold the same rows");
    let said = machine.succeeds(&["sign-in-link", JANE, "--data", "restored"]);
    assert!(said.contains("/sign-in/link/"), "{said}");
}

#[test]
fn a_file_that_is_no_backup_makes_no_portal() {
    let machine = Machine::new();
    std::fs::write(machine.path("file"), "hello").unwrap();
    let said = machine.fails(&["restore", "file"]);
    assert_eq!(said, "portal: file is no backup of a portal");
    assert!(!machine.path("data").exists());
}

/// What a demonstration prints after the address: a line for each kind of person, then the folder of its mails.
fn introduction(running: &mut Running) -> Vec<(String, String)> {
    let lines: Vec<String> = (0..4).map(|_| running.line()).collect();
    assert!(running.line().starts_with("Outgoing mail can be read in "));
    lines
        .iter()
        .map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            let [kind, email, address] = words[..] else { panic!("{line}") };
            assert!(
                email.contains('@') && address.starts_with(&format!("{}/sign-in/link/", running.address)),
                "{line}"
            );
            (kind.to_string(), address.to_string())
        })
        .collect()
}

#[test]
fn a_demonstration_introduces_its_people_and_stays_as_visitors_left_it() {
    let machine = Machine::new();
    let mut running = machine.start(&["demo", "--data", "data", "--wait", "5s"]);
    let first = introduction(&mut running);
    let kinds: Vec<&str> = first.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["admin", "staff", "limited", "client"]);
    running.stop();
    machine.succeeds(&["backup", "before"]);

    let mut running = machine.start(&["demo", "--data", "data"]);
    let second = introduction(&mut running);
    assert!(first.iter().zip(&second).all(|(before, after)| before.0 == after.0 && before.1 != after.1));
    running.stop();
    machine.succeeds(&["backup", "after"]);
    let messages = |name: &str| {
        rows(&machine.path(name)).into_iter().filter(|(table, _)| table == "messages").collect::<Vec<_>>()
    };
    assert_eq!(messages("before"), messages("after"));
}

#[test]
fn a_demonstration_keeps_away_from_a_portal_that_is_none() {
    let machine = Machine::new();
    machine.init();
    let mut command = machine.command(&["demo", "--data", "data", "--listen", "127.0.0.1:0"]);
    let said = refusal(&mut command);
    assert!(said.contains("holds a portal that is no demonstration"), "{said}");
}

#[test]
fn a_demonstration_without_a_folder_leaves_none_behind() {
    let machine = Machine::new();
    let temporary = machine.path("temporary");
    std::fs::create_dir(&temporary).unwrap();
    let mut command = machine.command(&["demo", "--listen", "127.0.0.1:0"]);
    // It uses neither the database nor the mail server of somebody's real portal.
    command.env("TMPDIR", &temporary).env("PORTAL_MAIL", "smtp://mail.example");
    command.env("PORTAL_DATABASE_URL", "postgres://db.example/portal");
    let mut running = Running::start(&mut command);
    introduction(&mut running);
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 1);
    running.stop();
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0);
    assert!(!machine.path("data").exists());
}
