//! Every address that changes something or exports data, and the audit log entry that it leaves (R1). An address missing
//! from the table fails the test: whoever adds one declares here what is logged, or why nothing is.

use std::collections::BTreeSet;

use axum::http::Method;
use domain::administration::clients::{self, ClientInput};
use domain::administration::deactivation;
use domain::arrival::invitations;
use domain::arrival::joining::{self, JoiningChange};
use domain::channels::starting::{self, Subject};
use domain::directory::person;
use domain::kernel::audit_log::{self, AuditAction, Filter};
use domain::kernel::ids::PersonId;
use http_body_util::BodyExt;
use store::Reader;

use crate::authorization;
use crate::support::Firm;

/// What a call leaves in the audit log.
enum Left {
    /// An entry with this action, by Jane, an admin, or an API client with her key.
    Kept(AuditAction),
    /// The same by Oskar, a client user.
    KeptOfClient(AuditAction),
    /// Nothing, for this reason.
    Nothing(&'static str),
}

use Left::{Kept, KeptOfClient, Nothing};

const TALK: &str = "what people say is kept where they say it";
const OWN: &str = "what somebody chooses for themselves";
const CONSENT: &str = "answers to texts have a ledger of their own";
const COMING: &str = "coming and going, which sessions show";
const FILES: &str = "what lies in Files shows who changed it, and when";
const LOOK: &str = "changes nothing";
const SENDING: &str = "what is sent, and when, stands with what it is about";

/// The method, the path as routed, the path as called, and the body. Placeholders in brackets as in `authorization`.
type Row = (&'static str, &'static str, &'static str, &'static str, Left);

#[rustfmt::skip]
const TABLE: &[Row] = &[
    ("POST", "/early-access", "", "", Nothing("a stranger's entry is its own record")),
    ("GET", "/settings/early-access.csv", "/settings/early-access.csv", "", Kept(AuditAction::EarlyAccessExported)),
    ("POST", "/settings/early-access/{id}/remove", "/settings/early-access/[entry]/remove", "", Kept(AuditAction::EarlyAccessRemoved)),
    ("GET", "/settings/records.csv", "/settings/records.csv", "", Kept(AuditAction::RecordsExported)),
    ("POST", "/set-up/{secret}", "", "", Nothing("the first record of all, before this portal was")),
    ("POST", "/sign-in", "", "", Nothing(COMING)),
    ("POST", "/sign-in/code", "", "", Nothing(COMING)),
    ("POST", "/sign-in/link/{secret}", "", "", Nothing(COMING)),
    ("POST", "/sign-up", "", "", Nothing("kept once the address is proved: `s14_the_account_exists_once_its_address_is_proved_and_is_welcomed`")),
    ("POST", "/sign-out", "", "", Nothing(COMING)),
    ("POST", "/profile", "/profile", "givenName=Janet", Kept(AuditAction::PersonChanged)),
    ("POST", "/profile/sessions/{id}/end", "", "", Nothing(COMING)),
    ("POST", "/profile/sessions/end-others", "", "", Nothing(COMING)),
    ("POST", "/profile/choices", "", "", Nothing(OWN)),
    ("POST", "/profile/links/end", "", "", Nothing(OWN)),
    ("POST", "/profile/try-address", "", "", Nothing(OWN)),
    ("POST", "/profile/texts/number", "", "", Nothing(CONSENT)),
    ("POST", "/profile/texts/code", "", "", Nothing(CONSENT)),
    ("POST", "/profile/texts/yes", "", "", Nothing(CONSENT)),
    ("POST", "/profile/texts/no", "", "", Nothing(CONSENT)),
    ("POST", "/profile/texts/quiet", "", "", Nothing(OWN)),
    ("POST", "/profile/texts/forget", "", "", Nothing(CONSENT)),
    ("POST", "/profile/colleagues", "/profile/colleagues", "givenName=A&email=[new]@client.example", KeptOfClient(AuditAction::ColleagueInvited)),
    ("GET", "/settings/messaging/consents.csv", "/settings/messaging/consents.csv", "", Kept(AuditAction::ConsentsExported)),
    ("POST", "/hooks/twilio", "", "", Nothing(CONSENT)),
    ("POST", "/r/{token}", "", "", Nothing(TALK)),
    ("POST", "/r/{token}/read", "", "", Nothing(TALK)),
    ("POST", "/r/{token}/fresh", "", "", Nothing(SENDING)),
    ("POST", "/unsubscribe/{token}", "", "", Nothing(OWN)),

    ("POST", "/messages/new", "/messages/new", "subject=company:[northwind]", Kept(AuditAction::ChannelMade)),
    ("POST", "/messages/{channel}", "", "", Nothing(TALK)),
    ("POST", "/messages/{channel}/read", "", "", Nothing(TALK)),
    ("POST", "/messages/{channel}/typing", "", "", Nothing(TALK)),
    ("POST", "/messages/{channel}/messages/{id}/edit", "", "", Nothing(TALK)),
    ("POST", "/messages/{channel}/messages/{id}/delete", "", "", Nothing(TALK)),
    ("POST", "/messages/{channel}/messages/{id}/send-now", "", "", Nothing(SENDING)),
    ("POST", "/messages/{channel}/messages/{id}/call-off", "", "", Nothing(SENDING)),
    ("POST", "/messages/{channel}/mute", "", "", Nothing(OWN)),
    ("POST", "/messages/{channel}/unmute", "", "", Nothing(OWN)),
    ("POST", "/messages/{channel}/leave", "", "", Nothing(OWN)),
    ("POST", "/messages/{channel}/join", "", "", Nothing(OWN)),
    ("POST", "/messages/{channel}/add", "", "", Nothing("a colleague comes back to where their access never ended")),
    ("POST", "/messages/{channel}/archive", "/messages/[channel]/archive", "", Kept(AuditAction::ChannelArchived)),
    ("POST", "/messages/{channel}/restore", "", "", Nothing("its channel is not archived here; `archive` is the same deed")),
    ("POST", "/messages/{channel}/welcome", "/messages/[welcomed]/welcome", "client=[newest]&text=Hello", Kept(AuditAction::WelcomeWritten)),
    ("POST", "/messages/{channel}/welcome/preview", "", "", Nothing(LOOK)),

    ("POST", "/uploads", "", "", Nothing(FILES)),
    ("POST", "/uploads/{id}", "", "", Nothing(FILES)),
    ("PATCH", "/uploads/{id}", "", "", Nothing(FILES)),
    ("DELETE", "/uploads/{id}", "", "", Nothing(FILES)),
    ("PUT", "/signed/{address}", "", "", Nothing(FILES)),
    ("POST", "/files/new", "/files/new", "subject=company:[northwind]", Kept(AuditAction::ChannelMade)),
    ("POST", "/files/{channel}/upload", "", "", Nothing(FILES)),
    ("POST", "/files/{channel}/folder", "", "", Nothing(FILES)),
    ("POST", "/files/{channel}/link", "", "", Nothing(FILES)),
    ("POST", "/files/{channel}/delete", "", "", Nothing(FILES)),
    ("POST", "/files/{channel}/restore", "", "", Nothing(FILES)),
    ("POST", "/files/{channel}/move", "", "", Nothing(FILES)),
    ("POST", "/files/{channel}/zip", "", "", Nothing(LOOK)),
    ("POST", "/files/{channel}/{file}/edit", "", "", Nothing(FILES)),
    ("POST", "/files/{channel}/read-only", "/files/[channel]/read-only", "readOnly=yes", Kept(AuditAction::FilesPermitted)),
    ("POST", "/files/{channel}/{file}/read-only", "/files/[channel]/[folder]/read-only", "readOnly=yes", Kept(AuditAction::FilesPermitted)),

    ("POST", "/clients/new", "/clients/new", "givenName=A&email=[new]@client.example", Kept(AuditAction::PersonAdded)),
    ("GET", "/clients/{id}/everything.zip", "/clients/[oskar]/everything.zip", "", Kept(AuditAction::PersonExported)),
    ("POST", "/clients/{id}/delete", "/clients/[oskar]/delete", "", Kept(AuditAction::PersonDeleted)),
    ("POST", "/clients/import", "", "", Nothing("nothing happens before it is taken in")),
    ("POST", "/clients/import/{id}", "/clients/import/[import]", "", Kept(AuditAction::TableImported)),
    ("POST", "/clients/import/{id}/forget", "", "", Nothing("what was never taken in")),
    ("GET", "/clients/import/{id}/left-out.csv", "", "", Nothing("one's own table, as one handed it in")),
    ("POST", "/clients/{id}", "/clients/[oskar]", "givenName=O&email=[new]@client.example&companyIds=[northwind]", Kept(AuditAction::PersonChanged)),
    ("POST", "/clients/{id}/invite", "/clients/[oskar]/invite", "", Kept(AuditAction::PersonInvited)),
    ("POST", "/clients/{id}/take-back", "/clients/[invited]/take-back", "", Kept(AuditAction::PersonUninvited)),
    ("POST", "/clients/{id}/try-address", "", "", Nothing(SENDING)),
    ("POST", "/clients/{id}/channel", "", "", Nothing("where there is none it is made as by `/messages/new`")),
    ("POST", "/clients/{id}/deactivate", "/clients/[oskar]/deactivate", "", Kept(AuditAction::PersonDeactivated)),
    ("POST", "/clients/{id}/reactivate", "/clients/[gone]/reactivate", "", Kept(AuditAction::PersonReactivated)),
    ("POST", "/clients/{id}/belonging", "/clients/[newcomer]/belonging", "company=[northwind]", Kept(AuditAction::PersonChanged)),
    ("POST", "/clients/{id}/belonging/dismiss", "/clients/[newcomer]/belonging/dismiss", "", Kept(AuditAction::BelongingDismissed)),

    ("POST", "/companies/new", "/companies/new", "name=[new]", Kept(AuditAction::CompanyAdded)),
    ("POST", "/companies/{id}", "/companies/[northwind]", "name=[new]", Kept(AuditAction::CompanyChanged)),
    ("POST", "/companies/{id}/channel", "/companies/[northwind]/channel", "", Kept(AuditAction::ChannelMade)),
    ("POST", "/companies/{id}/assign", "/companies/[northwind]/assign", "person=[tom]&assigned=yes", Kept(AuditAction::CompanyAssigned)),
    ("POST", "/projects/new", "/projects/new", "title=A&clientIds=[oskar]", Kept(AuditAction::ProjectAdded)),
    ("POST", "/projects/{id}", "/projects/[renovation]", "title=A&clientIds=[oskar]&internalUserIds=[jane]", Kept(AuditAction::ProjectChanged)),
    ("POST", "/projects/{id}/channel", "/projects/[renovation]/channel", "", Kept(AuditAction::ChannelMade)),
    ("POST", "/projects/{id}/archive", "/projects/[renovation]/archive", "", Kept(AuditAction::ProjectChanged)),
    ("POST", "/projects/{id}/restore", "", "", Nothing("it is not archived here; `archive` is the same deed")),

    ("POST", "/settings/joining", "/settings/joining", "colleagues=on", Kept(AuditAction::SettingsChanged)),
    ("POST", "/settings/team/new", "/settings/team/new", "givenName=A&email=[new]@firm.example&role=staff&access=all", Kept(AuditAction::PersonAdded)),
    ("POST", "/settings/team/{id}", "/settings/team/[tom]", "givenName=T&email=tom@firm.example&role=admin&access=all", Kept(AuditAction::PersonChanged)),
    ("POST", "/settings/team/{id}/invite", "/settings/team/[tom]/invite", "", Kept(AuditAction::PersonInvited)),
    ("POST", "/settings/team/{id}/take-back", "", "", Nothing("as of a client user")),
    ("POST", "/settings/team/{id}/deactivate", "/settings/team/[tom]/deactivate", "", Kept(AuditAction::PersonDeactivated)),
    ("POST", "/settings/team/{id}/reactivate", "", "", Nothing("as of a client user")),
    ("POST", "/settings/team/{id}/try-address", "", "", Nothing(SENDING)),
    ("POST", "/settings/messaging/try-addresses", "", "", Nothing(SENDING)),
    ("POST", "/settings/brand", "/settings/brand", "brandName=Other", Kept(AuditAction::SettingsChanged)),
    ("POST", "/settings/brand", "/settings/brand", "colorAccent=%23336699", Kept(AuditAction::SettingsChanged)),
    ("POST", "/settings/brand", "/settings/brand", "host=clients.example", Kept(AuditAction::SettingsChanged)),
    ("POST", "/settings/brand/{place}", "/settings/brand/logo", "", Kept(AuditAction::SettingsChanged)),
    ("POST", "/settings/brand/{place}/remove", "", "", Nothing("there is none here; setting one is the same deed")),
    ("POST", "/settings/messaging", "/settings/messaging", "waitMinutes=7", Kept(AuditAction::SettingsChanged)),
    ("POST", "/settings/messaging", "/settings/messaging", "welcomeText=Hello", Kept(AuditAction::WelcomeChanged)),
    ("POST", "/settings/messaging/preview", "", "", Nothing(LOOK)),
    ("POST", "/settings/files", "/settings/files", "fileLimit=1", Kept(AuditAction::SettingsChanged)),
    ("POST", "/settings/api/keys/new", "/settings/api/keys/new", "name=Accounting", Kept(AuditAction::KeyMade)),
    ("POST", "/settings/api/keys/{id}/revoke", "/settings/api/keys/[key]/revoke", "", Kept(AuditAction::KeyRevoked)),
    ("POST", "/settings/api/webhooks/new", "/settings/api/webhooks/new", "url=https://hooks.example/&which=all", Kept(AuditAction::WebhookMade)),
    ("POST", "/settings/api/webhooks/{id}/delete", "/settings/api/webhooks/[webhook]/delete", "", Kept(AuditAction::WebhookDeleted)),
    ("POST", "/settings/api/webhooks/{id}/enable", "/settings/api/webhooks/[off]/enable", "", Kept(AuditAction::WebhookEnabled)),
    ("POST", "/settings/api/webhooks/{id}/calls/{call}/again", "", "", Nothing(SENDING)),

    ("PATCH", "/v1/workspaces", "/v1/workspaces", r#"{"brandName": "Other"}"#, Kept(AuditAction::SettingsChanged)),
    ("PUT", "/v1/workspaces/pictures/{picture}", "", "", Nothing("what `/settings/brand/{place}` keeps, by the same function")),
    ("DELETE", "/v1/workspaces/pictures/{picture}", "", "", Nothing("there is none here; setting one is the same deed")),
    ("DELETE", "/v1/early-access/{id}", "/v1/early-access/[entry]", "", Kept(AuditAction::EarlyAccessRemoved)),
    ("PATCH", "/v1/settings", "/v1/settings", r#"{"waitMinutes": 7}"#, Kept(AuditAction::SettingsChanged)),
    ("POST", "/v1/internal-users", "/v1/internal-users", r#"{"givenName": "A", "email": "a@firm.example"}"#, Kept(AuditAction::PersonAdded)),
    ("PATCH", "/v1/internal-users/{id}", "/v1/internal-users/[tom]", r#"{"role": "admin"}"#, Kept(AuditAction::PersonChanged)),
    ("DELETE", "/v1/internal-users/{id}", "/v1/internal-users/[tom]", "", Kept(AuditAction::PersonDeleted)),
    ("POST", "/v1/internal-users/{id}/invitation", "/v1/internal-users/[tom]/invitation", "", Kept(AuditAction::PersonInvited)),
    ("DELETE", "/v1/internal-users/{id}/invitation", "", "", Nothing("as of a client user")),
    ("POST", "/v1/internal-users/{id}/deactivate", "/v1/internal-users/[tom]/deactivate", "", Kept(AuditAction::PersonDeactivated)),
    ("POST", "/v1/internal-users/{id}/reactivate", "", "", Nothing("as of a client user")),
    ("POST", "/v1/clients", "/v1/clients", r#"{"givenName": "A", "email": "a@client.example"}"#, Kept(AuditAction::PersonAdded)),
    ("PATCH", "/v1/clients/{id}", "/v1/clients/[oskar]", r#"{"givenName": "O"}"#, Kept(AuditAction::PersonChanged)),
    ("PUT", "/v1/clients/{id}", "/v1/clients/[oskar]", r#"{"givenName": "O", "familyName": "K"}"#, Kept(AuditAction::PersonChanged)),
    ("DELETE", "/v1/clients/{id}", "/v1/clients/[oskar]", "", Kept(AuditAction::PersonDeleted)),
    ("POST", "/v1/clients/{id}/invitation", "/v1/clients/[oskar]/invitation", "", Kept(AuditAction::PersonInvited)),
    ("DELETE", "/v1/clients/{id}/invitation", "/v1/clients/[invited]/invitation", "", Kept(AuditAction::PersonUninvited)),
    ("POST", "/v1/clients/{id}/deactivate", "/v1/clients/[oskar]/deactivate", "", Kept(AuditAction::PersonDeactivated)),
    ("POST", "/v1/clients/{id}/reactivate", "/v1/clients/[gone]/reactivate", "", Kept(AuditAction::PersonReactivated)),
    ("GET", "/v1/clients/{id}/export", "/v1/clients/[oskar]/export", "", Kept(AuditAction::PersonExported)),
    ("POST", "/v1/companies", "/v1/companies", r#"{"name": "A"}"#, Kept(AuditAction::CompanyAdded)),
    ("PATCH", "/v1/companies/{id}", "/v1/companies/[northwind]", r#"{"name": "A"}"#, Kept(AuditAction::CompanyChanged)),
    ("DELETE", "/v1/companies/{id}", "/v1/companies/[northwind]", "", Kept(AuditAction::CompanyDeleted)),
    ("POST", "/v1/projects", "/v1/projects", r#"{"title": "A"}"#, Kept(AuditAction::ProjectAdded)),
    ("PATCH", "/v1/projects/{id}", "/v1/projects/[renovation]", r#"{"title": "A"}"#, Kept(AuditAction::ProjectChanged)),
    ("DELETE", "/v1/projects/{id}", "/v1/projects/[renovation]", "", Kept(AuditAction::ProjectDeleted)),
    ("POST", "/v1/message-channels", "/v1/message-channels", r#"{"membershipType": "company", "companyId": "[northwind]"}"#, Kept(AuditAction::ChannelMade)),
    ("PATCH", "/v1/message-channels/{id}", "/v1/message-channels/[channel]", r#"{"isArchived": true}"#, Kept(AuditAction::ChannelArchived)),
    ("POST", "/v1/message-channels/{id}/members", "", "", Nothing("a colleague comes back to where their access never ended")),
    ("PATCH", "/v1/message-channels/{id}/members/{member}", "", "", Nothing(OWN)),
    ("DELETE", "/v1/message-channels/{id}/members/{member}", "", "", Nothing(OWN)),
    ("POST", "/v1/message-channels/{id}/read", "", "", Nothing(TALK)),
    ("POST", "/v1/messages", "", "", Nothing(TALK)),
    ("PATCH", "/v1/messages/{id}", "", "", Nothing(TALK)),
    ("DELETE", "/v1/messages/{id}", "", "", Nothing(TALK)),
    ("POST", "/v1/messages/{id}/send-now", "", "", Nothing(SENDING)),
    ("POST", "/v1/messages/{id}/call-off", "", "", Nothing(SENDING)),
    ("POST", "/v1/channels/files", "/v1/channels/files", r#"{"membershipType": "company", "companyId": "[northwind]"}"#, Kept(AuditAction::ChannelMade)),
    ("POST", "/v1/files/file", "", "", Nothing(FILES)),
    ("POST", "/v1/files/folder", "", "", Nothing(FILES)),
    ("POST", "/v1/files/link", "", "", Nothing(FILES)),
    ("PATCH", "/v1/files/{id}", "", "", Nothing(FILES)),
    ("DELETE", "/v1/files/{id}", "", "", Nothing(FILES)),
    ("POST", "/v1/files/{id}/restore", "", "", Nothing(FILES)),
    ("PUT", "/v1/files/{id}/permissions/", "/v1/files/[folder]/permissions/", r#"{"clientPermissions": "read_only"}"#, Kept(AuditAction::FilesPermitted)),
    ("PUT", "/v1/files/root/permissions/", "/v1/files/root/permissions/", r#"{"clientPermissions": "read_only", "channelId": "[channel]"}"#, Kept(AuditAction::FilesPermitted)),
    ("POST", "/v1/notifications/{id}/read", "", "", Nothing(OWN)),
    ("POST", "/v1/notifications/{id}/unread", "", "", Nothing(OWN)),
    ("DELETE", "/v1/notifications/{id}", "", "", Nothing(OWN)),
    ("POST", "/v1/webhooks", "/v1/webhooks", r#"{"url": "https://hooks.example/"}"#, Kept(AuditAction::WebhookMade)),
    ("DELETE", "/v1/webhooks/{id}", "/v1/webhooks/[webhook]", "", Kept(AuditAction::WebhookDeleted)),
    ("POST", "/v1/webhooks/{id}/enable", "/v1/webhooks/[off]/enable", "{}", Kept(AuditAction::WebhookEnabled)),
    ("POST", "/v1/webhooks/{id}/calls/{call}/again", "", "", Nothing(SENDING)),
];

#[test]
fn r1_every_address_that_changes_something_says_what_is_kept_of_it() {
    let changes = |method: &Method| !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    let is_export =
        |path: &str| path.ends_with(".csv") || path.ends_with(".zip") || path.ends_with("/export");
    let there: BTreeSet<(String, &str)> = web::routes()
        .into_iter()
        .filter(|route| changes(&route.method) || is_export(route.path))
        .map(|route| (route.method.to_string(), route.path))
        .collect();
    let said: BTreeSet<(String, &str)> = TABLE.iter().map(|row| (row.0.to_string(), row.1)).collect();
    let without = TABLE.iter().filter(|row| matches!(row.4, Nothing(why) if why.is_empty()));
    assert_eq!(without.count(), 0, "nothing is kept, and no reason given");
    let none = Vec::<&(String, &str)>::new();
    assert_eq!(there.difference(&said).collect::<Vec<_>>(), none, "not in the table");
    assert_eq!(said.difference(&there).collect::<Vec<_>>(), none, "in the table only");
}

#[tokio::test]
async fn r1_what_is_changed_or_exported_leaves_a_record_by_whoever_did_it() {
    let mut wrong = Vec::new();
    for (method, route, path, sent, left) in TABLE {
        let (deed, is_client) = match left {
            Kept(deed) => (*deed, false),
            KeptOfClient(deed) => (*deed, true),
            Nothing(_) => continue,
        };
        let firm = Firm::new().await;
        let (path, sent) = (fill(&firm, path).await, fill(&firm, sent).await);
        let before = kept(&firm).await.len();
        let status = call(&firm, method, &path, sent, is_client).await;
        let kept = kept(&firm).await;
        let by = if is_client { firm.oskar.person } else { firm.jane.person };
        let new = &kept[..kept.len() - before];
        // One call may leave several entries, for instance adding somebody together with a new company.
        let found = new.iter().find(|record| record.0 == deed.word());
        if !(200..400).contains(&status) || found.is_none_or(|record| record.1 != Some(by)) {
            wrong.push(format!("{method} {route}: {status}, {new:?} instead of {}", deed.word()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn call(firm: &Firm, method: &str, path: &str, sent: String, is_client: bool) -> u16 {
    if path.starts_with("/v1/") {
        let program = firm.portal.program_of(firm.jane).await;
        let body = (!sent.is_empty()).then(|| sent.into_bytes());
        let (status, _, said) = program.open(method.parse().unwrap(), path, body).await;
        // Read to the end: an archive is written while it is sent.
        said.collect().await.unwrap();
        return status.as_u16();
    }
    let mut browser = firm.browser_of(if is_client { firm.oskar } else { firm.jane }).await;
    if path == "/settings/brand/logo" {
        let picture = firm.picture();
        return browser.sends_form(path, &[], &[("picture", "logo.png", &picture)]).await.status.as_u16();
    }
    match method {
        "GET" => browser.get(path).await.status.as_u16(),
        _ => browser.send(path, &sent).await.status.as_u16(),
    }
}

/// The actions in the audit log, newest first, with their actors.
async fn kept(firm: &Firm) -> Vec<(String, Option<PersonId>)> {
    let jane = firm.jane;
    let read = move |reader: &Reader| audit_log::list(reader, &jane, &Filter::default(), 1_000);
    let found = firm.portal.read(read).await;
    found.into_iter().map(|record| (record.deed, record.person.map(|(person, _)| person))).collect()
}

/// Replaces the placeholders that only this table has, then those of `authorization`.
async fn fill(firm: &Firm, text: &str) -> String {
    let (jane, oskar) = (firm.jane, firm.oskar.person);
    let mut filled = text.to_string();
    if filled.contains("[invited]") {
        firm.portal.write(move |tx| invitations::invite(tx, &jane, oskar)).await;
        filled = filled.replace("[invited]", &oskar.to_string());
    }
    if filled.contains("[gone]") {
        firm.portal.write(move |tx| deactivation::deactivate(tx, &jane, oskar)).await;
        filled = filled.replace("[gone]", &oskar.to_string());
    }
    if filled.contains("[off]") {
        let (webhook, _) = firm.webhook().await;
        firm.portal
            .write(move |tx| {
                let sql = "UPDATE webhooks SET disabled_at = $2 WHERE id = $1";
                tx.run(sql, &[&webhook, &tx.now()])?;
                Ok(())
            })
            .await;
        filled = filled.replace("[off]", &webhook.to_string());
    }
    if filled.contains("[welcomed]") || filled.contains("[newest]") {
        let nina = newest(firm).await;
        let channel = firm.portal.write(move |tx| starting::create(tx, &jane, &Subject::Client(nina))).await;
        filled = filled.replace("[welcomed]", &channel.to_string()).replace("[newest]", &nina.to_string());
    }
    if filled.starts_with("/profile/colleagues") {
        let may = JoiningChange { colleagues: Some(true), ..JoiningChange::default() };
        firm.portal.write(move |tx| joining::change(tx, &jane, &may)).await;
    }
    authorization::fill(firm, &filled).await
}

/// Nina, who is still to be welcomed; created once, then found.
async fn newest(firm: &Firm) -> PersonId {
    let jane = firm.jane;
    firm.portal
        .write(move |tx| {
            if let Some(known) = person::by_email(tx, jane.workspace, "nina@client.example")? {
                return Ok(known.id);
            }
            let nina = ClientInput {
                given_name: "Nina".to_string().into(),
                email: "nina@client.example".to_string().into(),
                ..Default::default()
            };
            clients::add_client(tx, &jane, &nina)
        })
        .await
}
