//! The checks of the doctor, one function each.

use domain::kernel::rate_limits;
use domain::tenant::workspaces;
use std::fmt::Display;
use std::path::Path;
use std::time::Duration;

use outbound::blobs::Blobs;
use outbound::mail::{self, Mail, Mailbox};
use outbound::scanner::Scanner;
use outbound::text::Texter;
use store::{Engine, Reader, Store, Time, Tx};

use super::report::Finding;
use crate::error::{Error, Result};
use crate::settings::{PublicUrl, Settings};

/// How much this machine's clock and the database's may differ: a code is valid for 15 minutes, the usual wait is 5.
const CLOCKS_APART_MAX: Duration = Duration::from_secs(10);
/// The subject of the rate limit that is written to try the database.
const TRIAL: &str = "doctor";

pub(super) fn settings(settings: &Settings) -> Finding {
    let database = match &settings.database {
        store::Setting::Sqlite(file) => file.display().to_string(),
        // The address may contain a password.
        store::Setting::Postgres { .. } => "PostgreSQL".to_string(),
    };
    let said = format!(
        "data folder {}, database {database}, listening on {}",
        settings.data.display(),
        settings.listen
    );
    match settings.wait {
        Some(wait) => {
            Finding::Note(format!("{said}; PORTAL_WAIT is set ({wait:?}), which is for trying out only"))
        }
        None => Finding::Good(said),
    }
}

pub(super) fn address(public_url: &PublicUrl) -> Finding {
    if public_url.is_secure() {
        Finding::Good(format!("links begin with {public_url}"))
    } else if public_url.is_local() {
        Finding::Note(format!(
            "links begin with {public_url}, which leads to this machine only: for others, set PORTAL_PUBLIC_URL to the https:// address of your proxy"
        ))
    } else {
        Finding::Note(format!(
            "links begin with {public_url}, which is not encrypted: put a proxy with TLS in front and set PORTAL_PUBLIC_URL to its https:// address"
        ))
    }
}

pub(super) async fn database(store: &Store, setting: &store::Setting) -> Finding {
    match try_database(store, setting).await {
        Ok(finding) => finding,
        Err(error) => Finding::Problem(format!(
            "{error}: see that the disk has room and the database can be written to"
        )),
    }
}

async fn try_database(store: &Store, setting: &store::Setting) -> Result<Finding> {
    let (migration, broken) = store.read_long(inspect).await?;
    if !broken.is_empty() {
        return Ok(Finding::Problem(format!(
            "its file is damaged ({}): stop the portal and restore the last backup into a new data folder",
            broken.join("; ")
        )));
    }
    // Two transactions, each synced to disk: a row, and its removal.
    store.write(|tx: &mut Tx| Ok::<_, Error>(rate_limits::hit(tx, TRIAL, Duration::ZERO, i64::MAX)?)).await?;
    store
        .write(|tx: &mut Tx| {
            Ok::<_, Error>(tx.run("DELETE FROM tries WHERE subject = $1", &[&TRIAL]).map(|_| ())?)
        })
        .await?;
    let engine = match setting {
        store::Setting::Sqlite(_) => "SQLite, whole".to_string(),
        store::Setting::Postgres { connections, timeout, .. } => {
            let most = store.read_one_unflushed(most_connections).await?;
            if *connections > most {
                return Ok(Finding::Problem(format!(
                    "PostgreSQL takes {most} connections, and this program may open {connections}: set PORTAL_DATABASE_POOL lower, or max_connections higher"
                )));
            }
            format!("PostgreSQL ({connections} of its {most} connections, waiting {timeout:?} at most)")
        }
    };
    let is_set_up = store.read(workspaces::any).await?;
    let said = format!("{engine}, can be written to, migration {migration}");
    Ok(match is_set_up {
        true => Finding::Good(said),
        false => Finding::Note(format!(
            "{said}; not set up yet: run `portal init`, or open the link that `portal serve` prints"
        )),
    })
}

/// How many connections PostgreSQL takes, but for those that it keeps for its administrators.
fn most_connections(reader: &Reader) -> store::Result<usize> {
    let sql = "SELECT CAST(current_setting('max_connections') AS BIGINT) \
               - CAST(current_setting('superuser_reserved_connections') AS BIGINT)";
    reader.one(sql, &[], |row| row.get(0)).map(|most: i64| usize::try_from(most).unwrap_or(0))
}

/// The newest migration, and any damage.
fn inspect(reader: &Reader) -> store::Result<(i64, Vec<String>)> {
    let migration = reader.one("SELECT coalesce(max(number), 0) FROM migrations", &[], |row| row.get(0))?;
    let broken = match reader.engine() {
        Engine::Sqlite => {
            let said: Vec<String> = reader.all("PRAGMA integrity_check(5)", &[], |row| row.get(0))?;
            said.into_iter().filter(|line| line != "ok").collect()
        }
        // PostgreSQL checks its pages as it reads them.
        Engine::Postgres => Vec::new(),
    };
    Ok((migration, broken))
}

pub(super) async fn clock(store: &Store) -> Finding {
    let database = store.read(|reader| match reader.engine() {
        Engine::Sqlite => Ok(None),
        Engine::Postgres => reader.first(
            "SELECT CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS BIGINT)",
            &[],
            |row| row.get::<Time>(0),
        ),
    });
    let database = match database.await {
        Ok(database) => database,
        Err::<_, store::Error>(error) => return Finding::Problem(error.to_string()),
    };
    let now = store.clock().now();
    match database {
        Some(database) if apart(now, database) > CLOCKS_APART_MAX => Finding::Problem(format!(
            "this machine's clock and the database's are {:?} apart: switch on time synchronisation (NTP) on both",
            apart(now, database)
        )),
        _ => clock_alone(now),
    }
}

fn apart(one: Time, other: Time) -> Duration {
    one.since(other).max(other.since(one))
}

pub(super) fn clock_alone(now: Time) -> Finding {
    let built: i64 = env!("PORTAL_BUILT_SECONDS").parse().expect("the build writes a number");
    if now < Time(built * 1000) {
        Finding::Problem(
            "it shows a time before this program was built: set it, and switch on time synchronisation (NTP)"
                .to_string(),
        )
    } else {
        match jiff::Timestamp::from_millisecond(now.0) {
            Ok(now) => Finding::Good(format!("{now:.0}")),
            Err(_) => Finding::Problem("it shows no date: set it".to_string()),
        }
    }
}

pub(super) async fn mail(settings: &Settings) -> Finding {
    if let mail::Medium::Folder(folder) = settings.mail.way()
        && is_to_come(folder.path(), settings)
    {
        return Finding::Good(format!("it will be written into the folder {}", folder.path().display()));
    }
    finding(settings.mail.check().await, "see to the server or folder, or correct PORTAL_MAIL")
}

/// Whether a folder is in a data folder that does not exist yet. Trying it would create the data folder, readable for
/// everybody.
fn is_to_come(folder: &Path, settings: &Settings) -> bool {
    folder.starts_with(&settings.data) && !settings.data.is_dir()
}

fn finding<E: Display>(checked: std::result::Result<String, E>, advice: &str) -> Finding {
    match checked {
        Ok(said) => Finding::Good(said),
        Err(error) => Finding::Problem(format!("{error}: {advice}")),
    }
}

/// Whether mails are signed, and the DNS record that this needs.
pub(super) fn signing(settings: &Settings, public_url: &PublicUrl) -> Finding {
    let Some(dkim) = settings.mail.dkim() else {
        let text = "mails leave without a DKIM signature";
        return match settings.mail.way() {
            mail::Medium::Smtp(_) => Finding::Note(format!(
                "{text}: see that your mail server signs them, or set PORTAL_DKIM_KEY (docs/mail.md)"
            )),
            mail::Medium::Folder(_) | mail::Medium::Memory(_) => Finding::Good(text.to_string()),
        };
    };
    let texts: Vec<String> = dkim.record().iter().map(|text| format!("\"{text}\"")).collect();
    let record = format!("{}. IN TXT {}", dkim.record_name(), texts.join(" "));
    let sender = settings.sender(public_url);
    let host = sender.rsplit_once('@').map_or("", |(_, host)| host);
    if host == dkim.domain() || host.ends_with(&format!(".{}", dkim.domain())) {
        Finding::Good(format!("mails are signed for {}; the DNS has to say: {record}", dkim.domain()))
    } else {
        Finding::Problem(format!(
            "mails come from {host} but are signed for {}, which proves nothing about them: correct PORTAL_DKIM_DOMAIN or PORTAL_MAIL_FROM",
            dkim.domain()
        ))
    }
}

pub(super) async fn texts(settings: &Settings) -> Finding {
    if let Texter::Folder(folder) = &settings.text
        && is_to_come(folder.path(), settings)
    {
        return Finding::Good(format!("they will be written into the folder {}", folder.path().display()));
    }
    finding(settings.text.check().await, "see to the server or folder, or correct PORTAL_TEXT")
}

pub(super) async fn files(settings: &Settings) -> Finding {
    if let Blobs::Folder(folder) = &settings.blobs
        && is_to_come(folder.path(), settings)
    {
        return Finding::Good(format!("they will be put into {}", folder.path().display()));
    }
    finding(settings.blobs.check().await, "see to the folder or the store, or correct PORTAL_BLOBS")
}

pub(super) async fn scanner(scanner: &Scanner) -> Finding {
    finding(
        scanner.check().await,
        "every file is held back until it answers; see to clamd, or correct PORTAL_SCANNER",
    )
}

pub(super) async fn send_mail(settings: &Settings, public_url: &PublicUrl, to: &str) -> Finding {
    let now = store::Clock::System.now();
    let sender = settings.sender(public_url);
    let said = format!("This is a test of the portal at {public_url}. Mail from {sender} arrives.");
    let mail = Mail {
        message_id: format!("doctor.{}@{}", uuid::Uuid::now_v7(), public_url.mail_host()),
        date_ms: now.0,
        from: Mailbox::new("", sender),
        to: Mailbox::new("", to),
        subject: "A test of your portal's mail".to_string(),
        html: format!("<!doctype html><html lang=\"en\"><body><p>{said}</p></body></html>"),
        text: said,
        headers: Vec::new(),
    };
    match settings.mail.send(&mail).await {
        Ok(()) => Finding::Good(format!("a mail to {to} left by {}; see that it arrives", settings.mail)),
        Err(error) => Finding::Problem(format!("a mail to {to} did not leave: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_before_the_build_is_wrong() {
        assert!(matches!(clock_alone(Time(0)), Finding::Problem(_)));
        assert!(matches!(clock_alone(store::Clock::System.now()), Finding::Good(_)));
    }

    #[test]
    fn clocks_are_apart_in_either_direction() {
        assert_eq!(apart(Time(1_000), Time(3_000)), Duration::from_secs(2));
        assert_eq!(apart(Time(3_000), Time(1_000)), Duration::from_secs(2));
    }

    #[test]
    fn only_an_encrypted_address_is_without_remark() {
        for (url, good) in [
            ("https://portal.example", true),
            ("http://127.0.0.1:8080", false),
            ("http://portal.example", false),
        ] {
            let finding = address(&PublicUrl::parse(url).unwrap());
            assert_eq!(matches!(finding, Finding::Good(_)), good, "{url}");
            assert!(!matches!(finding, Finding::Problem(_)), "{url}");
        }
    }
}
