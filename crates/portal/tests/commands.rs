//! Each command, from the outside.

mod support;

use std::io::Write;
use std::process::Stdio;

use support::{JANE, Machine, refusal, text};

#[test]
fn init_sets_the_portal_up_once() {
    let machine = Machine::new();
    machine.init();
    let again = machine.fails(&["init", "--brand", "B", "--admin-name", "A", "--admin-email", "a@b.example"]);
    assert_eq!(again, "portal: This portal is set up already.");
    machine.succeeds(&["sign-in-link", JANE]);
}

#[test]
fn init_says_which_option_cannot_be_taken() {
    let machine = Machine::new();
    for (option, words) in [
        ("--brand", ["init", "--brand", " ", "--admin-name", "Jane Lee", "--admin-email", JANE]),
        ("--admin-name", ["init", "--brand", "B", "--admin-name", " ", "--admin-email", JANE]),
        ("--admin-email", ["init", "--brand", "B", "--admin-name", "Jane Lee", "--admin-email", "jane"]),
    ] {
        let said = machine.fails(&words);
        assert!(said.starts_with(&format!("portal: {option}: ")), "{said}");
    }
    machine.init();
}

#[test]
fn a_key_stands_alone_on_a_line() {
    let machine = Machine::new();
    machine.init();
    let printed = machine.succeeds(&["key", "create", "--as", JANE]);
    let key = printed.strip_suffix('\n').expect("a line");
    assert!(key.len() == 64 && key.bytes().all(|byte| byte.is_ascii_hexdigit()), "{printed}");
    assert_ne!(machine.succeeds(&["key", "create", "--as", "Jane@HarborLee.example"]), printed);
    let nobody = machine.fails(&["key", "create", "--as", "tom@harborlee.example"]);
    assert!(nobody.contains("nobody here who can sign in has the address tom@harborlee.example"), "{nobody}");
}

#[test]
fn keys_are_made_as_admins_only() {
    let machine = Machine::new();
    machine.start(&["demo", "--data", "data"]).stop();
    let said = machine.fails(&["key", "create", "--as", "tom@harborlee.example"]);
    assert!(said.contains("tom@harborlee.example is no admin"), "{said}");
}

#[test]
fn commands_that_need_a_portal_make_none() {
    let machine = Machine::new();
    for words in [&["key", "create", "--as", JANE][..], &["sign-in-link", JANE], &["backup", "file"]] {
        let said = machine.fails(words);
        assert!(said.contains("there is no portal in ./data"), "{said}");
    }
    machine.succeeds(&["doctor"]);
    assert!(!machine.path("data").exists());
}

#[test]
fn before_the_set_up_there_is_nobody_to_sign_in() {
    let machine = Machine::new();
    machine.start(&["serve"]).stop();
    let said = machine.fails(&["sign-in-link", JANE]);
    assert!(said.contains("this portal is not set up yet"), "{said}");
}

#[test]
fn a_link_begins_with_the_public_address() {
    let machine = Machine::new();
    machine.init();
    let link = machine.succeeds(&["sign-in-link", JANE]);
    assert!(link.starts_with("http://127.0.0.1:8080/sign-in/link/"), "{link}");
    let link = machine.succeeds(&["sign-in-link", JANE, "--public-url", "https://portal.example/"]);
    assert!(link.starts_with("https://portal.example/sign-in/link/"), "{link}");
}

#[test]
fn a_wrong_setting_stops_every_command() {
    let machine = Machine::new();
    for words in [&["serve"][..], &["demo"], &["sign-in-link", JANE], &["backup", "file"]] {
        let said = refusal(machine.command(words).env("PORTAL_LISTEN", "8080"));
        assert!(
            said.starts_with("portal: PORTAL_LISTEN: given was `8080`; expected is an IP address"),
            "{said}"
        );
    }
    let mut command = machine.command(&["serve", "--mail", "smtp://jane:hush@mail.example:x"]);
    let said = refusal(&mut command);
    assert!(said.contains("--mail: given was `smtp://…@mail.example:x`") && !said.contains("hush"), "{said}");
    assert!(!machine.path("data").exists());
}

#[test]
fn portal_toml_is_read_in_the_working_folder_or_where_config_says() {
    let machine = Machine::new();
    std::fs::write(machine.path("portal.toml"), "colour = \"red\"\n").unwrap();
    let said = machine.fails(&["serve"]);
    assert!(said.starts_with("portal: portal.toml: `colour` is no setting"), "{said}");
    std::fs::write(machine.path("other.toml"), "data = \"elsewhere\"\n").unwrap();
    let words =
        ["init", "--brand", "B", "--admin-name", "Jane Lee", "--admin-email", JANE, "--config", "other.toml"];
    machine.succeeds(&words);
    assert!(machine.path("elsewhere/portal.db").exists());
    let said = machine.fails(&["serve", "--config", "missing.toml"]);
    assert!(said.starts_with("portal: --config: given was `missing.toml`; expected is "), "{said}");
}

#[test]
fn a_doctor_finds_nothing_wrong_with_a_portal_that_works() {
    let machine = Machine::new();
    machine.init();
    let said = machine.succeeds(&["doctor"]);
    for what in ["settings", "address", "folder", "database", "clock", "mail", "disk"] {
        assert!(said.lines().any(|line| line.contains(&format!(" {what}: "))), "{what} is missing:\n{said}");
    }
    assert!(!said.contains("problem"), "{said}");
    assert!(said.contains("database: SQLite, whole, can be written to"), "{said}");
}

#[test]
fn a_doctor_says_what_is_wrong_and_what_to_do() {
    let machine = Machine::new();
    machine.init();
    std::fs::write(machine.path("blocked"), "a file, where a folder is wanted").unwrap();
    let broken = machine.path("broken");
    std::fs::create_dir(&broken).unwrap();
    std::fs::write(
        broken.join("portal.db"),
        "no database at all, but long enough to be looked at".repeat(100),
    )
    .unwrap();
    for (words, what) in [
        (
            ["doctor", "--mail", "folder:blocked"],
            "problem  settings: --mail: given was `folder:blocked`: what is at that path is no folder",
        ),
        (["doctor", "--data", "broken"], "problem  database: "),
        (["doctor", "--mail", "folder:/proc/nothing"], "problem  mail: cannot write into /proc/nothing"),
        (["doctor", "--blobs", "folder:/proc/nothing"], "problem  files: "),
        (["doctor", "--scanner", "clamd:/nowhere"], "problem  scanner: "),
        (["doctor", "--listen", "nowhere"], "problem  settings: --listen: given was `nowhere`"),
        (["doctor", "--mail-to", "jane"], "problem  mail sent: "),
    ] {
        let output = machine.run(&words);
        let said = text(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(what), "{said}");
        assert_eq!(said.matches("problem ").count(), 1, "{said}");
    }
}

#[test]
fn a_doctor_sends_a_mail_when_asked() {
    let machine = Machine::new();
    machine.init();
    let said = machine.succeeds(&["doctor", "--mail-to", "jane@harborlee.example"]);
    assert!(
        said.contains("ok       mail sent: a mail to jane@harborlee.example left by folder:./data/outbox"),
        "{said}"
    );
    let mails: Vec<_> = std::fs::read_dir(machine.path("data/outbox")).unwrap().collect();
    assert_eq!(mails.len(), 1);
    let mail = std::fs::read_to_string(mails[0].as_ref().unwrap().path()).unwrap();
    assert!(
        mail.contains("To: jane@harborlee.example") && mail.contains("From: notifications@localhost"),
        "{mail}"
    );
}

#[test]
fn n11_a_doctor_shows_what_the_dns_has_to_say_about_signed_mails() {
    let machine = Machine::new();
    machine.init();
    let key = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
    std::fs::write(machine.path("dkim.pem"), key).unwrap();
    let signed =
        ["--dkim-key", "dkim.pem", "--mail-from", "hello@mail.firm.example", "--dkim-domain", "firm.example"];
    let said = machine.succeeds(&[&["doctor", "--mail-to", JANE], &signed[..]].concat());
    // The public half of that key, from RFC 8410.
    let record = "portal._domainkey.firm.example. IN TXT \"v=DKIM1; k=ed25519; p=Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\"";
    assert!(said.contains(record), "{said}");
    let mails: Vec<_> = std::fs::read_dir(machine.path("data/outbox")).unwrap().collect();
    let mail = std::fs::read_to_string(mails[0].as_ref().unwrap().path()).unwrap();
    assert!(
        mail.starts_with(
            "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; d=firm.example; s=portal;"
        ),
        "{mail}"
    );
    let output = machine.run(&[
        "doctor",
        "--dkim-key",
        "dkim.pem",
        "--mail-from",
        "a@other.example",
        "--dkim-domain",
        "firm.example",
    ]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stdout)
            .contains("problem  signing: mails come from other.example but are signed for firm.example")
    );
}

#[test]
fn n12_a_mail_that_came_back_is_taken_from_standard_input() {
    let machine = Machine::new();
    machine.init();
    let bounced = |mail: &str| {
        let mut command = machine.command(&["bounce"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(mail.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "a mail system would send a report about an error");
        text(&output.stdout)
    };
    assert_eq!(
        bounced("Subject: I am away\n\nUntil Monday\n"),
        "ignored: this is no report of a mail that did not arrive\n"
    );
    let report = |id: &str| {
        format!(
            "From: MAILER-DAEMON@mx.example\nContent-Type: multipart/report; boundary=b\n\n--b\n\
             Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n\
             Final-Recipient: rfc822; {JANE}\nAction: failed\nStatus: 5.1.1\n\n--b\n\
             Content-Type: text/rfc822-headers\n\nMessage-ID: <{id}@localhost>\n\n--b--\n"
        )
    };
    let unknown = "sign-in.01900000-0000-7000-8000-000000000000";
    assert_eq!(bounced(&report(unknown)), "ignored: it names no mail of this portal\n");
    // Jane asks for a code, and the mail with it comes back.
    let portal = machine.start(&["serve"]);
    portal.post_form("/sign-in", &format!("email={JANE}"));
    let id = machine.mail_id("sign-in.");
    assert!(bounced(&report(&id)).starts_with("noted: the mail "), "{id}");
    let cookie = portal.sign_in(machine.succeeds(&["sign-in-link", JANE]).trim());
    assert!(portal.page("/profile", &cookie).contains("Mail to jane@harborlee.example has come back"));
    portal.stop();
}

#[test]
fn without_a_portal_a_mail_that_came_back_is_to_come_again() {
    let machine = Machine::new();
    let report = "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n\
        A: b\n\nAction: failed\nStatus: 5.1.1\n\n--b\nContent-Type: text/rfc822-headers\n\n\
        Message-ID: <sign-in.01900000-0000-7000-8000-000000000000@localhost>\n\n--b--\n";
    std::fs::write(machine.path("report"), report).unwrap();
    let mut command = machine.command(&["bounce"]);
    let output = command.stdin(std::fs::File::open(machine.path("report")).unwrap()).output().unwrap();
    assert_eq!(output.status.code(), Some(75), "{}", text(&output.stderr));
}

#[test]
fn what_is_written_wrongly_is_told_with_status_2() {
    let machine = Machine::new();
    for words in [&[][..], &["sail"], &["serve", "--sail"], &["serve", "--listen", "x"]] {
        let output = machine.run(words);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty());
    }
    assert_eq!(machine.succeeds(&["--version"]), format!("portal {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn b4_workspace_add_makes_another_portal_with_its_first_admin() {
    let machine = Machine::new();
    let add = |host: &'static str, email: &'static str| {
        [
            "workspace",
            "add",
            "--host",
            host,
            "--brand",
            "Santos",
            "--admin-name",
            "Rui Santos",
            "--admin-email",
            email,
        ]
    };
    assert!(machine.fails(&add("b.example", "rui@santos.example")).contains("there is no portal in ./data"));
    machine.init();
    let said = machine.succeeds(&add("B.example", "rui@santos.example"));
    let link = said.lines().last().unwrap();
    assert!(said.starts_with("Santos has a portal of its own.") && link.contains("://b.example:"), "{said}");
    assert!(link.contains("/sign-in/link/"), "{said}");
    for (words, option) in [
        (add("b.example", "eva@santos.example"), "--host"),
        (add("https://c.example", "eva@santos.example"), "--host"),
        (add("c.example", "eva"), "--admin-email"),
    ] {
        let said = machine.fails(&words);
        assert!(said.starts_with(&format!("portal: {option}: ")), "{said}");
    }
    let list = machine.succeeds(&["workspace", "list"]);
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines.len(), 2, "{list}");
    assert!(lines[1].ends_with(" Santos") && lines[1].contains("://b.example"), "{list}");
    assert!(machine.succeeds(&["sign-in-link", "rui@santos.example"]).contains("://b.example"));
}
