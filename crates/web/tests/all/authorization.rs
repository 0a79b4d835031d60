//! Who may call what: every address of the pages, called as each kind of person, about things of one company.
//!
//! An address that is missing from the table fails the test: whoever adds one declares here who may use it.

use std::collections::BTreeSet;

use crate::support::{Browser, Firm, metadata};
use axum::http::{HeaderMap, Method, StatusCode};
use domain::arrival::{import_table, imports};
use domain::files::signed_urls::{self, Purpose};
use domain::files::{changing, creating};
use domain::identity::sessions;
use domain::identity::sign_in_links::LinkKind;
use domain::kernel::access::Actor;
use domain::kernel::ids::MessageId;

/// The method and path as routed, the path as called, the form, and the expected answer for each of [`KINDS`]. Words
/// in brackets are placeholders for things of the firm ([`fill`]).
type Row = (&'static str, &'static str, &'static str, &'static str, &'static str);

/// Nobody; the admin of another firm, at that firm's host; a client user of another company; the client user whom
/// it is about; staff with access to another company only; staff; the admin.
const KINDS: [&str; 7] = ["nobody", "stranger", "maria", "oskar", "priya", "tom", "jane"];

/// `p` a page, `d` done or redirected, `s` redirected to sign in, `.` not found, `x` forbidden, `w` wrong input, `g` an
/// expired or revoked link.
#[rustfmt::skip]
const TABLE: &[Row] = &[
    ("GET", "/healthz", "/healthz", "", "p p p p p p p"),
    ("GET", "/readyz", "/readyz", "", "p p p p p p p"),
    ("GET", "/metrics", "/metrics", "", ". . . . . . ."),
    ("GET", "/assets/{folder}/{name}", "/assets/any/portal.css", "", "p p p p p p p"),
    ("GET", "/brand/{stamp}/{name}", "/brand/any/portal.css", "", "p p p p p p p"),
    ("GET", "/manifest.webmanifest", "/manifest.webmanifest", "", "p p p p p p p"),
    ("GET", "/live", "/live", "", "s p p p p p p"),

    ("GET", "/", "/", "", "d d d d d d d"),
    ("GET", "/early-access", "/early-access", "", "p p p p p p p"),
    ("POST", "/early-access", "/early-access", "name=A&email=a@b.example", "d d d d d d d"),
    ("GET", "/settings/early-access", "/settings/early-access", "", "s p . . x x p"),
    ("GET", "/settings/early-access.csv", "/settings/early-access.csv", "", "s p . . x x p"),
    ("POST", "/settings/early-access/{id}/remove", "/settings/early-access/[entry]/remove", "", "s . . . x x d"),
    ("GET", "/settings/records", "/settings/records?field=people", "", "s p . . x x p"),
    ("GET", "/settings/records.csv", "/settings/records.csv", "", "s p . . x x p"),
    ("GET", "/set-up", "/set-up", "", "d p d d d d p"),
    ("GET", "/set-up/{secret}", "/set-up/abc", "", "d d d d d d d"),
    ("POST", "/set-up/{secret}", "/set-up/abc", "brandName=A&givenName=B&email=c@d.example", "d d d d d d d"),
    ("GET", "/sign-in", "/sign-in", "", "p d d d d d d"),
    ("POST", "/sign-in", "/sign-in", "email=[new]@client.example", "d d d d d d d"),
    ("GET", "/sign-in/code", "/sign-in/code?sign_in=[new]&email=a@b.example", "", "p p p p p p p"),
    ("POST", "/sign-in/code", "/sign-in/code", "sign_in=[new]&email=a@b.example&code=123456", "w w w w w w w"),
    ("GET", "/sign-in/link/{secret}", "/sign-in/link/[link]", "", "p . p p p p p"),
    ("POST", "/sign-in/link/{secret}", "/sign-in/link/[link]", "", "d . d d d d d"),
    ("GET", "/sign-up", "/sign-up", "", ". . . . . . ."),
    ("POST", "/sign-up", "/sign-up", "givenName=A&email=[new]@client.example", ". . . . . . ."),
    ("POST", "/sign-out", "/sign-out", "", "d d d d d d d"),

    ("GET", "/profile", "/profile", "", "s p p p p p p"),
    ("POST", "/profile", "/profile", "givenName=A", "s d d d d d d"),
    ("POST", "/profile/sessions/{id}/end", "/profile/sessions/[session]/end", "", "s . . . . . d"),
    ("POST", "/profile/sessions/end-others", "/profile/sessions/end-others", "", "s d d d d d d"),

    ("POST", "/profile/choices", "/profile/choices", "email=once", "s d d d d d d"),
    ("POST", "/profile/links/end", "/profile/links/end", "", "s d d d d d d"),

    ("GET", "/r/{token}", "/r/[reply]", "", "p . x d x x x"),
    ("POST", "/r/{token}", "/r/[reply]", "id=[new]&text=Hello", "d . x d x x x"),
    ("POST", "/r/{token}/read", "/r/[reply]/read", "position=1", "d . d d d d d"),
    ("POST", "/r/{token}/fresh", "/r/[reply]/fresh", "", "p . x d x x x"),
    ("GET", "/unsubscribe/{token}", "/unsubscribe/[unsubscribe]", "", "p . p p p p p"),
    ("POST", "/unsubscribe/{token}", "/unsubscribe/[unsubscribe]", "", "p . p p p p p"),

    ("POST", "/profile/try-address", "/profile/try-address", "", "s d d d d d d"),
    ("GET", "/profile/texts", "/profile/texts", "", "s p p p p p p"),
    ("POST", "/profile/texts/number", "/profile/texts/number", "number=none", "s w w w w w w"),
    ("POST", "/profile/texts/code", "/profile/texts/code", "code=123456", "s w w w w w w"),
    ("POST", "/profile/texts/yes", "/profile/texts/yes", "wording=any", "s w w w w w w"),
    ("POST", "/profile/texts/no", "/profile/texts/no", "", "s d d d d d d"),
    ("POST", "/profile/texts/quiet", "/profile/texts/quiet", "quiet=yes&quietFrom=late", "s w w w w w w"),
    ("POST", "/profile/texts/forget", "/profile/texts/forget", "", "s d d d d d d"),
    ("GET", "/settings/messaging/consents.csv", "/settings/messaging/consents.csv", "", "s p . . x x p"),
    ("POST", "/hooks/twilio", "/hooks/twilio", "From=%2B15005550100&Body=STOP", "x x x x x x x"),

    ("GET", "/messages", "/messages", "", "s p p p p p p"),
    ("GET", "/messages/counts", "/messages/counts", "", "s p p p p p p"),
    ("GET", "/messages/search", "/messages/search?words=good&channel=[channel]", "", "s . . p . p p"),
    ("GET", "/messages/new", "/messages/new?subject=client:[oskar]", "", "s . . . . p p"),
    ("POST", "/messages/new", "/messages/new", "subject=client:[oskar]", "s . . . . d d"),
    ("GET", "/messages/{channel}", "/messages/[channel]", "", "s . . p . p p"),
    ("POST", "/messages/{channel}", "/messages/[channel]", "id=[new]&text=Hello", "s . . d . d d"),
    ("GET", "/messages/{channel}/older", "/messages/[channel]/older?before=2", "", "s . . p . p p"),
    ("POST", "/messages/{channel}/read", "/messages/[channel]/read", "position=1", "s . . d . d d"),
    ("POST", "/messages/{channel}/typing", "/messages/[channel]/typing", "", "s . . d . d d"),
    ("GET", "/messages/{channel}/messages/{id}/edit", "/messages/[channel]/messages/[message]/edit", "", "s . . p . x x"),
    ("POST", "/messages/{channel}/messages/{id}/edit", "/messages/[channel]/messages/[message]/edit", "text=Hi", "s . . d . x x"),
    ("POST", "/messages/{channel}/messages/{id}/delete", "/messages/[channel]/messages/[message]/delete", "", "s . . d . x x"),
    ("POST", "/messages/{channel}/messages/{id}/send-now", "/messages/[channel]/messages/[message]/send-now", "", "s . . . . d d"),
    ("POST", "/messages/{channel}/messages/{id}/call-off", "/messages/[channel]/messages/[message]/call-off", "also=[message]", "s . . . . d d"),
    ("POST", "/messages/{channel}/mute", "/messages/[channel]/mute", "", "s . . x . d d"),
    ("POST", "/messages/{channel}/unmute", "/messages/[channel]/unmute", "", "s . . x . d d"),
    ("POST", "/messages/{channel}/leave", "/messages/[channel]/leave", "", "s . . x . d d"),
    ("POST", "/messages/{channel}/join", "/messages/[channel]/join", "", "s . . x . d d"),
    ("POST", "/messages/{channel}/add", "/messages/[channel]/add", "person=[tom]", "s . . x . d d"),
    ("POST", "/messages/{channel}/archive", "/messages/[channel]/archive", "", "s . . x . x d"),
    ("POST", "/messages/{channel}/restore", "/messages/[channel]/restore", "", "s . . x . x d"),

    ("OPTIONS", "/uploads", "/uploads", "", "d d d d d d d"),
    ("POST", "/uploads", "/uploads", "", "s . . d . d d"),
    ("POST", "/uploads/{id}", "/uploads/[upload]", "", "s . . p . . ."),
    ("HEAD", "/uploads/{id}", "/uploads/[upload]", "", "s . . p . . ."),
    ("PATCH", "/uploads/{id}", "/uploads/[upload]", "", "s . . d . . ."),
    ("DELETE", "/uploads/{id}", "/uploads/[upload]", "", "s . . d . . ."),
    ("PUT", "/signed/{address}", "/signed/[bring]", "", "p . p p p p p"),
    ("GET", "/signed/{address}", "/signed/[get]", "", "p . p p p p p"),
    ("GET", "/files", "/files", "", "s p p p p p p"),
    ("GET", "/files/search", "/files/search?words=a&channel=[channel]", "", "s . . p . p p"),
    ("GET", "/files/new", "/files/new?subject=client:[oskar]", "", "s . . . . p p"),
    ("POST", "/files/new", "/files/new", "subject=client:[oskar]", "s . . . . d d"),
    ("GET", "/files/{channel}", "/files/[channel]", "", "s . . p . p p"),
    ("GET", "/files/{channel}/{file}", "/files/[channel]/[file]", "", "s . . p . p p"),
    ("POST", "/files/{channel}/upload", "/files/[channel]/upload", "", "s . . w . w w"),
    ("POST", "/files/{channel}/folder", "/files/[channel]/folder", "name=Plans", "s . . d . d d"),
    ("POST", "/files/{channel}/link", "/files/[channel]/link", "name=A&linkUrl=https://a.example/", "s . . d . d d"),
    ("POST", "/files/{channel}/delete", "/files/[channel]/delete", "files=[file]", "s . . d . d d"),
    ("POST", "/files/{channel}/restore", "/files/[channel]/restore", "deletion=[deletion]", "s . . d . d d"),
    ("GET", "/files/{channel}/move", "/files/[channel]/move?files=[file]", "", "s . . p . p p"),
    ("POST", "/files/{channel}/move", "/files/[channel]/move", "files=[file]&into=[folder]", "s . . d . d d"),
    ("POST", "/files/{channel}/zip", "/files/[channel]/zip", "files=[file]", "s . . p . p p"),
    ("GET", "/files/{channel}/{file}/edit", "/files/[channel]/[file]/edit", "", "s . . p . p p"),
    ("POST", "/files/{channel}/{file}/edit", "/files/[channel]/[file]/edit", "name=[new].txt", "s . . d . d d"),
    ("POST", "/files/{channel}/read-only", "/files/[channel]/read-only", "readOnly=yes", "s . . x . d d"),
    ("POST", "/files/{channel}/{file}/read-only", "/files/[channel]/[folder]/read-only", "readOnly=yes", "s . . x . d d"),
    ("GET", "/files/{channel}/{file}/content", "/files/[channel]/[file]/content", "", "s . . p . p p"),
    ("GET", "/files/{channel}/{file}/small", "/files/[channel]/[small]/small", "", "s . . p . p p"),
    ("GET", "/files/{channel}/{file}/download", "/files/[channel]/[file]/download", "", "s . . p . p p"),
    ("GET", "/r/{token}/files/{file}/content", "/r/[reply]/files/[sent]/content", "", "p . . p . . ."),
    ("GET", "/r/{token}/files/{file}/small", "/r/[reply]/files/[small]/small", "", "p . . p . . ."),
    ("GET", "/r/{token}/files/{file}/download", "/r/[reply]/files/[sent]/download", "", "p . . p . . ."),

    ("GET", "/clients", "/clients?after=[oskar]", "", "s . . . . p p"),
    ("GET", "/clients/new", "/clients/new", "", "s p . . p p p"),
    ("POST", "/clients/new", "/clients/new", "givenName=A&email=[new]@client.example&companyIds=[northwind]", "s w . . w d d"),
    ("GET", "/clients/{id}/everything.zip", "/clients/[oskar]/everything.zip", "", "s . . . x x p"),
    ("GET", "/clients/{id}/delete", "/clients/[oskar]/delete", "", "s . . . x x p"),
    ("POST", "/clients/{id}/delete", "/clients/[oskar]/delete", "", "s . . . x x d"),
    ("GET", "/settings/joining", "/settings/joining", "", "s p . . x x p"),
    ("POST", "/settings/joining", "/settings/joining", "colleagues=on", "s d . . x x d"),
    ("GET", "/profile/colleagues", "/profile/colleagues", "", "s . . . . . ."),
    ("POST", "/profile/colleagues", "/profile/colleagues", "givenName=A&email=[new]@client.example", "s . . . . . ."),
    ("GET", "/clients/import", "/clients/import", "", "s p . . p p p"),
    ("POST", "/clients/import", "/clients/import", "", "s 415 . . 415 415 415"),
    ("GET", "/clients/import/{id}", "/clients/import/[import]", "", "s . . . . . p"),
    ("POST", "/clients/import/{id}", "/clients/import/[import]", "", "s . . . . . d"),
    ("GET", "/clients/import/{id}/left-out.csv", "/clients/import/[import]/left-out.csv", "", "s . . . . . p"),
    ("POST", "/clients/import/{id}/forget", "/clients/import/[import]/forget", "", "s . . . . . d"),
    ("GET", "/clients/{id}", "/clients/[oskar]", "", "s . . . . p p"),
    ("POST", "/clients/{id}", "/clients/[oskar]", "givenName=O&email=[new]@client.example&companyIds=[northwind]", "s . . . . d d"),
    ("POST", "/clients/{id}/invite", "/clients/[oskar]/invite", "", "s . . . . d d"),
    ("POST", "/clients/{id}/take-back", "/clients/[oskar]/take-back", "", "s . . . . d d"),
    ("POST", "/clients/{id}/try-address", "/clients/[oskar]/try-address", "", "s . . . . d d"),
    ("POST", "/clients/{id}/channel", "/clients/[oskar]/channel", "", "s . . . . d d"),
    ("POST", "/clients/{id}/deactivate", "/clients/[oskar]/deactivate", "", "s . . . . d d"),
    ("POST", "/clients/{id}/belonging", "/clients/[newcomer]/belonging", "company=[northwind]", "s . . . . d d"),
    ("POST", "/clients/{id}/belonging/dismiss", "/clients/[newcomer]/belonging/dismiss", "", "s . . . . d d"),
    ("POST", "/clients/{id}/reactivate", "/clients/[oskar]/reactivate", "", "s . . . . d d"),

    ("GET", "/companies", "/companies?after=[northwind]", "", "s . . . . p p"),
    ("GET", "/companies/new", "/companies/new", "", "s p . . p p p"),
    ("POST", "/companies/new", "/companies/new", "name=[new]", "s d . . d d d"),
    ("GET", "/companies/{id}", "/companies/[northwind]", "", "s . . . . p p"),
    ("POST", "/companies/{id}", "/companies/[northwind]", "name=[new]", "s . . . . d d"),
    ("POST", "/companies/{id}/channel", "/companies/[northwind]/channel", "", "s . . . . d d"),
    ("POST", "/companies/{id}/assign", "/companies/[northwind]/assign", "person=[tom]&assigned=yes", "s . . . x x d"),

    ("GET", "/projects", "/projects?after=[renovation]", "", "s . . . . p p"),
    ("GET", "/projects/new", "/projects/new", "", "s p . . p p p"),
    ("POST", "/projects/new", "/projects/new", "title=A&clientIds=[oskar]", "s w . . w d d"),
    ("GET", "/projects/{id}", "/projects/[renovation]", "", "s . . . . p p"),
    ("POST", "/projects/{id}", "/projects/[renovation]", "title=A&clientIds=[oskar]&internalUserIds=[jane]&internalUserIds=[tom]", "s . . . . d d"),
    ("POST", "/projects/{id}/channel", "/projects/[renovation]/channel", "", "s . . . . d d"),
    ("POST", "/projects/{id}/archive", "/projects/[renovation]/archive", "", "s . . . . d d"),
    ("POST", "/projects/{id}/restore", "/projects/[renovation]/restore", "", "s . . . . d d"),

    ("GET", "/settings", "/settings", "", "s d . . d d d"),
    ("GET", "/settings/team", "/settings/team", "", "s p . . p p p"),
    ("GET", "/settings/team/new", "/settings/team/new", "", "s p . . x x p"),
    ("POST", "/settings/team/new", "/settings/team/new", "givenName=A&email=[new]@firm.example&role=staff&access=assigned&companyAccessList=[northwind]", "s w . . x x d"),
    ("GET", "/settings/team/{id}", "/settings/team/[tom]", "", "s . . . x x p"),
    ("POST", "/settings/team/{id}", "/settings/team/[tom]", "givenName=T&email=tom@firm.example&role=staff&access=all", "s . . . x x d"),
    ("POST", "/settings/team/{id}/invite", "/settings/team/[tom]/invite", "", "s . . . x x d"),
    ("POST", "/settings/team/{id}/take-back", "/settings/team/[tom]/take-back", "", "s . . . x x d"),
    ("POST", "/settings/team/{id}/deactivate", "/settings/team/[tom]/deactivate", "", "s . . . x x d"),
    ("POST", "/settings/team/{id}/try-address", "/settings/team/[tom]/try-address", "", "s . . . x x d"),
    ("POST", "/settings/messaging/try-addresses", "/settings/messaging/try-addresses", "", "s d . . x x d"),
    ("GET", "/settings/brand", "/settings/brand", "", "s p . . x x p"),
    ("POST", "/settings/brand", "/settings/brand", "colorAccent=", "s d . . x x d"),
    ("POST", "/settings/brand/{place}", "/settings/brand/logo", "", "s w . . x x w"),
    ("POST", "/settings/brand/{place}/remove", "/settings/brand/logo/remove", "", "s d . . x x d"),
    ("GET", "/settings/messaging", "/settings/messaging", "", "s p . . x x p"),
    ("GET", "/settings/messaging/notices", "/settings/messaging/notices", "", "s p . . x x p"),
    ("POST", "/settings/messaging", "/settings/messaging", "waitMinutes=7", "s d . . x x d"),
    ("GET", "/settings/files", "/settings/files", "", "s p . . x x p"),
    ("POST", "/settings/files", "/settings/files", "fileLimit=1", "s d . . x x d"),
    ("POST", "/settings/messaging/preview", "/settings/messaging/preview", "text=Hello", "s p . . x x p"),
    ("GET", "/messages/{channel}/welcome", "/messages/[channel]/welcome", "", "s . . . . p p"),
    ("POST", "/messages/{channel}/welcome", "/messages/[channel]/welcome", "client=[oskar]&text=Hello", "s . . . . d d"),
    ("POST", "/messages/{channel}/welcome/preview", "/messages/[channel]/welcome/preview", "text=Hello", "s . . . . p p"),
    ("GET", "/settings/api", "/settings/api", "", "s p . . x x p"),
    ("GET", "/settings/api/keys/new", "/settings/api/keys/new", "", "s p . . x x p"),
    ("POST", "/settings/api/keys/new", "/settings/api/keys/new", "name=Accounting", "s p . . x x p"),
    ("POST", "/settings/api/keys/{id}/revoke", "/settings/api/keys/[key]/revoke", "", "s . . . x x d"),
    ("GET", "/settings/api/webhooks", "/settings/api/webhooks", "", "s p . . x x p"),
    ("GET", "/settings/api/webhooks/new", "/settings/api/webhooks/new", "", "s p . . x x p"),
    ("POST", "/settings/api/webhooks/new", "/settings/api/webhooks/new", "url=https://hooks.example/&which=all", "s p . . x x p"),
    ("GET", "/settings/api/webhooks/{id}", "/settings/api/webhooks/[webhook]", "", "s . . . x x p"),
    ("POST", "/settings/api/webhooks/{id}/delete", "/settings/api/webhooks/[webhook]/delete", "", "s . . . x x d"),
    ("POST", "/settings/api/webhooks/{id}/enable", "/settings/api/webhooks/[webhook]/enable", "", "s . . . x x d"),
    ("POST", "/settings/api/webhooks/{id}/calls/{call}/again", "/settings/api/webhooks/[webhook]/calls/[call]/again", "", "s . . . x x d"),
    ("POST", "/settings/team/{id}/reactivate", "/settings/team/[tom]/reactivate", "", "s . . . x x d"),
];

/// Replaces the placeholders.
pub(crate) async fn fill(firm: &Firm, text: &str) -> String {
    let (jane, workspace) = (firm.jane, firm.workspace);
    let mut filled = text
        .replace("[channel]", &firm.channel.to_string())
        .replace("[message]", &firm.message.to_string())
        .replace("[oskar]", &firm.oskar.person.to_string())
        .replace("[tom]", &firm.tom.person.to_string())
        .replace("[jane]", &firm.jane.person.to_string())
        .replace("[northwind]", &firm.northwind.to_string())
        .replace("[renovation]", &firm.renovation.to_string())
        .replace("[new]", &MessageId::new(crate::support::MORNING).to_string());
    if filled.contains("[entry]") {
        let entry = firm.early_access("Rui").await;
        filled = filled.replace("[entry]", &entry.to_string());
    }
    if filled.contains("[newcomer]") {
        filled = filled.replace("[newcomer]", &firm.signs_up("Rui", "Alves").await.to_string());
    }
    if filled.contains("[import]") {
        let table = b"email,name\nnew@client.example,New One\n";
        let hand_in = move |tx: &mut store::Tx| {
            let import = imports::begin(tx, &jane, "a.csv", false)?;
            imports::add_lines(tx, &jane, import, &imports::check(import_table::read(table)?))?;
            Ok(import)
        };
        filled = filled.replace("[import]", &firm.portal.write(hand_in).await.to_string());
    }
    if filled.contains("[link]") {
        let link = firm.portal.link(workspace, firm.oskar.person, LinkKind::Command).await;
        filled = filled.replace("/sign-in/link/[link]", &link);
    }
    if filled.contains("[reply]") {
        let link = firm.reply_link(firm.oskar, firm.channel, 0, 1).await;
        filled = filled.replace("/r/[reply]", &link);
    }
    if filled.contains("[unsubscribe]") {
        let link = firm.unsubscribe_link(firm.oskar).await;
        filled = filled.replace("/unsubscribe/[unsubscribe]", &link);
    }
    if filled.contains("[key]") {
        let key = firm.key("Accounting").await;
        filled = filled.replace("[key]", &key.to_string());
    }
    if filled.contains("[webhook]") {
        let (webhook, call) = firm.webhook().await;
        filled = filled.replace("[webhook]", &webhook.to_string()).replace("[call]", &call.to_string());
    }
    if filled.contains("[session]") {
        firm.browser_of(jane).await;
        let sessions = firm.portal.read(move |reader| sessions::list(reader, &jane)).await;
        filled = filled.replace("[session]", &sessions[0].id.to_string());
    }
    fill_files(firm, filled).await
}

/// Replaces the placeholders for files.
async fn fill_files(firm: &Firm, text: String) -> String {
    let (oskar, jane, channel) = (firm.oskar, firm.jane, firm.channel);
    let mut filled = text;
    if filled.contains("[file]") {
        let (_, file) = firm.sends_file(oskar, channel, "a.txt", b"hello").await;
        filled = filled.replace("[file]", &file.to_string());
    }
    if filled.contains("[folder]") {
        let folder =
            firm.portal.write(move |tx| creating::make_folder(tx, &oskar, channel, None, "Plans")).await;
        filled = filled.replace("[folder]", &folder.to_string());
    }
    if filled.contains("[deletion]") {
        let (_, file) = firm.sends_file(oskar, channel, "gone.txt", b"hello").await;
        let deletion = firm
            .portal
            .write(move |tx| changing::delete(tx, &oskar, channel, &[file], changing::Contents::GoToo))
            .await;
        filled = filled.replace("[deletion]", &deletion.0.to_string());
    }
    if filled.contains("[sent]") {
        let (_, file) = firm.sends_file(jane, channel, "a.txt", b"hello").await;
        filled = filled.replace("[sent]", &file.to_string());
    }
    if filled.contains("[small]") {
        let (_, file) = firm.sends_file(jane, channel, "a.png", &firm.picture()).await;
        firm.makes_previews().await;
        filled = filled.replace("[small]", &file.to_string());
    }
    if filled.contains("[upload]") {
        let mut browser = firm.browser_of(oskar).await;
        let channel = channel.to_string();
        let path = browser.announces(5, &[("filename", "a.txt"), ("channel", &channel)]).await;
        filled = filled.replace("/uploads/[upload]", &path);
    }
    for (word, purpose) in [("[bring]", Purpose::Upload), ("[get]", Purpose::Download)] {
        if !filled.contains(word) {
            continue;
        }
        let file = match purpose {
            Purpose::Download => firm.sends_file(oskar, channel, "a.txt", b"hello").await.1,
            Purpose::Upload => {
                firm.portal.write(move |tx| creating::make_file(tx, &oskar, channel, None, "b.txt")).await
            }
        };
        let address = firm
            .portal
            .read(move |reader| Ok(signed_urls::Signer::new(reader, &oskar)?.sign(purpose, file)))
            .await;
        filled = filled.replace(word, &address);
    }
    filled
}

/// Calls an address in the format that it expects.
async fn call(
    firm: &Firm,
    browser: &mut Browser<'_>,
    method: &str,
    path: &str,
    form: &str,
) -> (StatusCode, HeaderMap) {
    let method: Method = method.parse().unwrap();
    if !path.starts_with("/uploads") && method != Method::PUT {
        let form = (method == Method::POST).then(|| form.to_string());
        let (status, headers, _) = browser.open(method, path, form).await;
        return (status, headers);
    }
    let pairs = metadata(&[("filename", "a.txt"), ("channel", &firm.channel.to_string())]);
    let bytes = if matches!(method, Method::PATCH | Method::PUT) { "hello" } else { "" };
    let mut headers = vec![("tus-resumable", "1.0.0")];
    match method {
        Method::POST if path != "/uploads" => headers.push(("x-http-method-override", "HEAD")),
        Method::POST => headers.extend([("upload-length", "5"), ("upload-metadata", pairs.as_str())]),
        Method::PATCH => {
            headers.extend([("upload-offset", "0"), ("content-type", "application/offset+octet-stream")])
        }
        _ => {}
    }
    let answer = browser.raw(method, path, &headers, bytes).await;
    (answer.status, answer.headers)
}

async fn browser<'a>(firm: &'a Firm, kind: &str) -> Browser<'a> {
    let actor: Actor = match kind {
        "stranger" => firm.stranger,
        "maria" => firm.maria,
        "oskar" => firm.oskar,
        "priya" => firm.priya,
        "tom" => firm.tom,
        "jane" => firm.jane,
        _ => return firm.portal.browser(),
    };
    firm.browser_of(actor).await
}

/// The letter for an answer, as in [`TABLE`].
fn letter(status: StatusCode, to: &str) -> String {
    match status.as_u16() {
        303 if to.starts_with("/sign-in?back=") => "s".to_string(),
        303 | 204 | 201 => "d".to_string(),
        200 => "p".to_string(),
        400 => "w".to_string(),
        403 => "x".to_string(),
        404 => ".".to_string(),
        410 => "g".to_string(),
        other => other.to_string(),
    }
}

#[test]
fn every_address_says_for_whom_it_is() {
    // The API has a table of its own: `v1/authorization.rs`.
    let of_pages = web::routes().into_iter().filter(|route| !route.path.starts_with("/v1/"));
    let there: BTreeSet<(String, &str)> =
        of_pages.map(|route| (route.method.to_string(), route.path)).collect();
    let said: BTreeSet<(String, &str)> = TABLE.iter().map(|row| (row.0.to_string(), row.1)).collect();
    assert_eq!(
        there.difference(&said).collect::<Vec<_>>(),
        Vec::<&(String, &str)>::new(),
        "not in the table"
    );
    assert_eq!(
        said.difference(&there).collect::<Vec<_>>(),
        Vec::<&(String, &str)>::new(),
        "in the table only"
    );
    assert_eq!(TABLE.len(), said.len(), "twice in the table");
}

#[tokio::test]
async fn everybody_gets_what_is_for_them_and_nothing_else() {
    let mut wrong = Vec::new();
    for (method, route, call, form, expected) in TABLE {
        // Calls must not affect each other: each address gets a firm of its own, and those with the least access call
        // first.
        let firm = Firm::new().await;
        let mut found = Vec::new();
        for kind in KINDS {
            let mut browser = browser(&firm, kind).await;
            let (path, form) = (fill(&firm, call).await, fill(&firm, form).await);
            let (status, headers) = self::call(&firm, &mut browser, method, &path, &form).await;
            found.push(letter(status, headers.get("location").map_or("", |to| to.to_str().unwrap())));
        }
        let found = found.join(" ");
        if found != *expected {
            wrong.push(format!("{method} {route}: expected {expected}, found {found}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {KINDS:?}:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn a_session_of_another_firm_is_none_here() {
    let firm = Firm::new().await;
    for (method, _, call, form, expected) in TABLE.iter().filter(|row| row.4.starts_with('s')) {
        let mut browser = firm.browser_of(firm.stranger).await;
        browser.host = crate::support::HOST.to_string();
        let (path, form) = (fill(&firm, call).await, fill(&firm, form).await);
        let (status, headers) = self::call(&firm, &mut browser, method, &path, &form).await;
        let found = letter(status, headers.get("location").map_or("", |to| to.to_str().unwrap()));
        assert_eq!(found, "s", "{call} {expected}");
    }
}
