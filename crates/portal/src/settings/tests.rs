//! Which values are accepted and which refused, and which source wins.

use std::ffi::OsString;
use std::path::Path;

use super::*;

fn read(options: &[(&str, &str)], variables: &[(&str, &str)], file: &str) -> Result<Settings, Error> {
    let find = |list: &[(&str, &str)], name: &str| {
        list.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_string())
    };
    Settings::read(&Sources {
        option: &|option| find(options, &option.replace('-', "_")),
        variable: &|name| find(variables, name).map(OsString::from),
        file: File::parse("portal.toml", file)?,
    })
}

fn refusal(options: &[(&str, &str)], variables: &[(&str, &str)], file: &str) -> String {
    match read(options, variables, file) {
        Ok(_) => panic!("taken: {options:?} {variables:?} {file}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn an_option_goes_before_the_environment_that_before_the_file_that_before_the_default() {
    let option = [("listen", "127.0.0.1:1")];
    let variable = [("PORTAL_LISTEN", "127.0.0.1:2")];
    let file = "listen = \"127.0.0.1:3\"";
    for (settings, port) in [
        (read(&option, &variable, file), 1),
        (read(&[], &variable, file), 2),
        (read(&[], &[("PORTAL_LISTEN", "")], file), 3),
        (read(&[], &[], file), 3),
        (read(&[], &[], ""), 8080),
    ] {
        assert_eq!(settings.ok().unwrap().listen.port(), port);
    }
}

/// A key for signing mails (the example of RFC 8410, 10.3), in a file.
fn key_in(folder: &Path) -> String {
    const KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
        -----END PRIVATE KEY-----\n";
    let file = folder.join("dkim.pem");
    std::fs::write(&file, KEY).unwrap();
    file.display().to_string()
}

#[test]
fn mails_are_signed_for_the_senders_domain_unless_another_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let key = key_in(folder.path());
    let record = |options: &[(&str, &str)]| {
        let settings = read(&[&[("dkim_key", key.as_str())], options].concat(), &[], "").ok().unwrap();
        settings.mail.dkim().unwrap().record_name()
    };
    assert_eq!(record(&[("mail_from", "hello@firm.example")]), "portal._domainkey.firm.example");
    assert_eq!(record(&[("public_url", "https://p.firm.example")]), "portal._domainkey.p.firm.example");
    assert_eq!(
        record(&[("mail_from", "a@b.example"), ("dkim_domain", "C.example")]),
        "portal._domainkey.c.example"
    );
    assert!(read(&[], &[], "").ok().unwrap().mail.dkim().is_none());

    let said = refusal(&[("dkim_key", &key)], &[], "");
    assert!(said.starts_with("PORTAL_DKIM_DOMAIN: mails cannot be signed for ``"), "{said}");
    let said =
        refusal(&[("dkim_key", &key), ("dkim_selector", "a b"), ("mail_from", "a@b.example")], &[], "");
    assert!(said.starts_with("--dkim-selector: mails cannot be signed"), "{said}");
    let said = refusal(&[("dkim_key", "/nowhere/key.pem")], &[], "");
    assert!(said.starts_with("--dkim-key: the file cannot be read"), "{said}");
    let file = folder.path().join("none.pem");
    std::fs::write(&file, "no key").unwrap();
    let said = refusal(&[("mail_from", "a@b.example")], &[("PORTAL_DKIM_KEY", file.to_str().unwrap())], "");
    assert!(said.starts_with("PORTAL_DKIM_KEY: it holds no private key in PEM form"), "{said}");
}

#[test]
fn everything_has_a_default() {
    let settings = read(&[], &[], "").ok().unwrap();
    assert_eq!(settings.data, Path::new("./data"));
    assert_eq!(settings.mail.to_string(), "folder:./data/outbox");
    assert_eq!(settings.text.to_string(), "folder:./data/outbox");
    assert_eq!(settings.blobs.to_string(), "folder:./data/blobs");
    assert_eq!(settings.room, StorageLimits { file_max: 100_000_000, workspace_max: 100_000_000_000 });
    assert_eq!(settings.scanner, None);
    assert!(
        matches!(&settings.database, store::Setting::Sqlite(file) if file == Path::new("./data/portal.db"))
    );
    assert_eq!(settings.log_format, LogFormat::Text);
    assert!(settings.webhooks.check("http://127.0.0.1:9000/").is_err());
    assert!(!settings.metrics_open && settings.wait.is_none() && settings.log.is_none());
    assert_eq!(settings.api_rate, 60_000);
    let url = settings.public_url_at(settings.listen);
    assert_eq!(url.as_str(), "http://127.0.0.1:8080");
    assert_eq!(settings.sender(&url), "notifications@localhost");
}

#[test]
fn every_setting_can_be_given_in_each_way() {
    let folder = tempfile::tempdir().unwrap();
    let key = key_in(folder.path());
    let values = [
        ("data", "/srv/portal"),
        ("listen", "[::1]:9000"),
        ("public_url", "https://portal.example/"),
        ("database_url", "postgres://jane:secret@db.example/portal"),
        ("database_pool", "8"),
        ("database_timeout", "5s"),
        ("mail", "smtps://jane:secret@mail.example"),
        ("mail_from", "hello@portal.example"),
        ("mail_connections", "3"),
        ("dkim_key", key.as_str()),
        ("dkim_domain", "firm.example"),
        ("dkim_selector", "s1"),
        ("text", "twilio://AC1:secret@api.twilio.com?from=+15005550006"),
        ("webhooks_private", "allow"),
        ("wait", "5s"),
        ("upload_limit", "20MB"),
        ("storage_limit", "5GiB"),
        ("blobs", "folder:/srv/files"),
        ("scanner", "clamd://127.0.0.1:3310"),
        ("log", "info,store=debug"),
        ("log_format", "json"),
        ("metrics", "open"),
        ("api_rate", "1200"),
    ];
    assert!(SETTINGS.iter().map(|setting| setting.key()).eq(values.iter().map(|(key, _)| key.to_string())));
    assert!(SETTINGS.iter().all(|setting| setting.option == setting.key().replace('_', "-")));
    let variables: Vec<(String, &str)> =
        SETTINGS.iter().zip(values).map(|(setting, (_, value))| (setting.variable(), value)).collect();
    let variables: Vec<(&str, &str)> =
        variables.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let file: String = values.iter().map(|(key, value)| format!("{key} = \"{value}\"\n")).collect();
    for settings in [read(&values, &[], ""), read(&[], &variables, ""), read(&[], &[], &file)] {
        let settings = settings.ok().unwrap();
        assert_eq!(settings.data, Path::new("/srv/portal"));
        assert_eq!(settings.listen.port(), 9000);
        let url = settings.public_url_at(settings.listen);
        assert_eq!(url.as_str(), "https://portal.example");
        assert_eq!(settings.sender(&url), "hello@portal.example");
        let store::Setting::Postgres { connections, timeout, .. } = settings.database else {
            panic!("PostgreSQL was asked for")
        };
        assert_eq!((connections, timeout), (8, Duration::from_secs(5)));
        assert!(matches!(settings.mail.way(), outbound::mail::Medium::Smtp(_)));
        assert_eq!(settings.mail_connections, 3);
        assert_eq!(settings.mail.dkim().unwrap().record_name(), "s1._domainkey.firm.example");
        assert!(matches!(settings.text, Texter::Twilio(_)));
        assert!(settings.webhooks.check("http://127.0.0.1:9000/").is_ok());
        assert_eq!(settings.wait, Some(Duration::from_secs(5)));
        assert_eq!(settings.room, StorageLimits { file_max: 20_000_000, workspace_max: 5 << 30 });
        assert_eq!(settings.blobs.to_string(), "folder:/srv/files");
        assert_eq!(
            settings.scanner.map(|scanner| scanner.to_string()).as_deref(),
            Some("clamd://127.0.0.1:3310")
        );
        assert_eq!(settings.log.as_deref(), Some("info,store=debug"));
        assert_eq!(settings.log_format, LogFormat::Json);
        assert!(settings.metrics_open);
        assert_eq!(settings.api_rate, 1200);
    }
}

#[test]
fn a_wrong_value_is_refused_with_its_name_what_was_given_and_what_is_expected() {
    for (key, value, expected) in [
        ("data", "", "a folder"),
        ("listen", "8080", "an IP address and a port"),
        ("listen", "localhost:8080", "an IP address and a port"),
        ("public_url", "portal.example", "https://portal.example"),
        ("public_url", "https://portal.example:x", "https://portal.example"),
        ("database_url", "sqlite", "postgres://"),
        ("database_pool", "2", "a number from 3 to 1000"),
        ("database_timeout", "0s", "a span from 1s to 10m"),
        ("mail", "mail.example", "smtp://"),
        ("mail_from", "jane", "an email address"),
        ("mail_connections", "0", "a number from 1 to 64"),
        ("mail_connections", "65", "a number from 1 to 64"),
        ("text", "twilio", "twilio://SID:TOKEN@HOST"),
        ("webhooks_private", "yes", "refuse or allow"),
        ("wait", "soon", "5s"),
        ("upload_limit", "much", "100MB"),
        ("storage_limit", "9999999999999GB", "100MB"),
        ("blobs", "/srv/files", "folder:PATH"),
        ("data", "/dev/null", "a folder"),
        ("mail", "folder:/dev/null", "folder:PATH"),
        ("text", "folder:/dev/null", "folder:PATH"),
        ("scanner", "127.0.0.1:3310", "clamd://HOST:PORT"),
        ("log", "verbose", "info"),
        ("log_format", "xml", "text or json"),
        ("metrics", "yes", "local or open"),
        ("api_rate", "0", "at least 1"),
    ] {
        let said = refusal(&[(key, value)], &[], "");
        let option = format!("--{}: given was `{value}`", key.replace('_', "-"));
        assert!(said.starts_with(&option) && said.contains(expected), "{said}");
        if !value.is_empty() {
            let variable = format!("PORTAL_{}", key.to_uppercase());
            let said = refusal(&[], &[(&variable, value)], "");
            assert!(said.starts_with(&format!("{variable}: given was `{value}`")), "{said}");
        }
        let said = refusal(&[], &[], &format!("{key} = \"{value}\""));
        assert!(said.starts_with(&format!("{key} in portal.toml: given was `{value}`")), "{said}");
    }
}

#[test]
fn a_password_is_never_repeated() {
    for (key, value) in [
        ("database_url", "mysql://jane:hush@db.example/portal"),
        ("database_url", "postgres:jane:hush"),
        ("mail", "smtp:jane:hush@mail.example"),
        ("text", "twilio://AC1:hush@api.twilio.com"),
        ("text", "AC1:hush"),
        ("public_url", "https://jane:hush@portal.example"),
    ] {
        let said = refusal(&[(key, value)], &[], "");
        assert!(!said.contains("hush"), "{said}");
    }
    for file in
        ["mail = \"hush", "mail = hush", "a = 1\nmail = 'smtp://hush' x", "mail = \"\\hush\"", "[hush"]
    {
        let said = refusal(&[], &[], file);
        assert!(!said.contains("hush"), "{said}");
    }
}

#[test]
fn a_file_with_something_unknown_or_broken_is_refused() {
    let said = refusal(&[], &[], "listen = \"127.0.0.1:1\"\nport = 80");
    assert!(said.starts_with("portal.toml: `port` is no setting; expected are data, listen,"), "{said}");
    let said = refusal(&[], &[], "wait = 5");
    assert_eq!(said, "wait in portal.toml: given was `5`; expected is a text in quotes");
    let said = refusal(&[], &[], "data = \"x\"\nlisten = ");
    assert!(said.starts_with("portal.toml: line 2 cannot be read"), "{said}");
}

#[test]
fn a_file_that_was_asked_for_must_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("portal.toml");
    assert!(File::read(&path, false).is_ok());
    let error = File::read(&path, true).err().expect("an error");
    let said = error.to_string();
    assert!(said.starts_with(&format!("--config: given was `{}`; expected is", path.display())), "{said}");
}

#[test]
fn a_file_that_is_there_unasked_must_be_one_that_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("portal.toml");
    std::fs::create_dir(&path).unwrap();
    let said = File::read(&path, false).err().expect("an error").to_string();
    assert!(
        said.starts_with(&format!("{}: expected is a file that can be read, or none", path.display())),
        "{said}"
    );
}
