//! Which company a client user who signed up may belong to (S14): the one they named, and those whose client users have
//! addresses at the same domain. Shown to internal users until one of them chooses a company or dismisses the suggestion.

use store::{Reader, Tx};

use crate::administration::clients::{self, ClientInput};
use crate::directory::person;
use crate::kernel::access::{self, Actor};
use crate::kernel::audit_log::{self, AuditAction, Changes};
use crate::kernel::columns::columns;
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{CompanyId, PersonId, WorkspaceId};
use crate::kernel::name::Name;
use crate::kernel::{limits, lock};
use crate::{administration, directory};

/// Companies suggested at most: a client's colleagues are in one company, or in a few of a group.
const PLACES_MAX: i64 = 3;

const DECIDED: Error = Error::Conflict("Somebody has decided this already.");

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuggestedCompany {
    pub company: CompanyId,
    pub name: String,
    /// How many of its client users have an address at the same domain; 0 if it is suggested only because it was named.
    pub alike: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompanySuggestion {
    /// The company name they gave; empty for none.
    pub named: String,
    /// Whether a company of that name can be added, because none exists.
    pub is_new: bool,
    /// Likeliest first.
    pub places: Vec<SuggestedCompany>,
    /// The domain of their address, unless it belongs to a public provider.
    pub domain: Option<String>,
}

/// The suggestion for a client user who signed up, limited to companies the actor can see. Returns `None` once it has been
/// decided.
pub fn find(reader: &Reader, actor: &Actor, client: PersonId) -> Result<Option<CompanySuggestion>> {
    access::client(reader, actor, client)?;
    let Some(named) = open_request(reader, actor.workspace, client)? else { return Ok(None) };
    if directory::companies::placeholder_of(reader, actor.workspace, client)?.is_none() {
        return Ok(None);
    }
    let domain =
        person::display_name(reader, actor.workspace, client)?.and_then(|name| own_domain(&name.email));
    let mut places = match &domain {
        Some(domain) => alike(reader, actor, client, domain)?,
        None => Vec::new(),
    };
    let holder =
        if named.is_empty() { None } else { directory::companies::by_name(reader, actor.workspace, &named)? };
    let is_new = !named.is_empty() && holder.is_none();
    if let Some(company) = holder
        && !places.iter().any(|place| place.company == company)
        && directory::companies::sees(reader, actor, company)?
    {
        let name = directory::companies::find(reader, actor, company)?.name;
        places.insert(0, SuggestedCompany { company, name, alike: 0 });
    }
    Ok(Some(CompanySuggestion { named, is_new, places, domain }))
}

columns! {
    /// A client user who signed up and whose company has not been decided yet.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct UndecidedSignUp {
        pub id: PersonId = "p.id",
        pub name: Name = "p.given_name, p.family_name, p.email",
        /// The company name they gave; empty for none.
        pub company: String = "q.company_name",
    }
}

/// At most `most` client users who signed up, are visible to the actor and have no company yet, newest first.
///
/// # Errors
/// `NotFound` for client users.
pub fn undecided(reader: &Reader, actor: &Actor, most: i64) -> Result<Vec<UndecidedSignUp>> {
    access::internal(actor)?;
    let sql = format!(
        "SELECT {columns} FROM company_requests q \
         JOIN people p ON p.workspace = q.workspace AND p.id = q.person \
         JOIN company_clients k ON k.workspace = p.workspace AND k.person = p.id \
         JOIN companies h ON h.workspace = k.workspace AND h.id = k.company AND h.placeholder_at IS NOT NULL \
         WHERE q.workspace = $1 AND p.deactivated_at IS NULL AND h.deleted_at IS NULL AND {sees} \
         ORDER BY q.id DESC LIMIT $4",
        columns = UndecidedSignUp::COLUMNS,
        sees = access::SEES_CLIENT
    );
    Ok(reader.all(&sql, &[&actor.workspace, &actor.limit(), &actor.person, &most], |row| row.read())?)
}

/// The company name somebody gave when signing up, until their company is decided.
fn open_request(reader: &Reader, workspace: WorkspaceId, client: PersonId) -> Result<Option<String>> {
    Ok(reader.first(
        "SELECT company_name FROM company_requests WHERE workspace = $1 AND person = $2",
        &[&workspace, &client],
        |row| row.get(0),
    )?)
}

/// The companies with client users at a domain, those with most of them first.
fn alike(reader: &Reader, actor: &Actor, client: PersonId, domain: &str) -> Result<Vec<SuggestedCompany>> {
    // Domains contain no LIKE wildcards.
    let pattern = format!("%@{domain}");
    let sql = format!(
        "SELECT c.id, c.name, count(*) FROM people p \
         JOIN company_clients k ON k.workspace = p.workspace AND k.person = p.id \
         JOIN companies c ON c.workspace = k.workspace AND c.id = k.company \
         WHERE p.workspace = $1 AND p.role = 'client' AND p.id <> $4 AND p.deactivated_at IS NULL \
         AND p.email_key LIKE $5 AND c.placeholder_at IS NULL AND {sees} \
         GROUP BY c.id, c.name ORDER BY count(*) DESC, c.name LIMIT $6",
        sees = access::SEES_COMPANY
    );
    Ok(reader.all(
        &sql,
        &[&actor.workspace, &actor.limit(), &actor.person, &client, &pattern, &PLACES_MAX],
        |row| Ok(SuggestedCompany { company: row.get(0)?, name: row.get(1)?, alike: row.get(2)? }),
    )?)
}

/// Puts a client user who signed up into a company; `None` means the one they named, which is added if it does not exist.
///
/// # Errors
/// `NotFound`; `Conflict` if already decided; `Field` as for any client user who joins a company.
pub fn put_into(
    tx: &mut Tx,
    actor: &Actor,
    client: PersonId,
    company: Option<CompanyId>,
) -> Result<CompanyId> {
    lock::lock_directory(tx, actor.workspace)?;
    access::client(tx, actor, client)?;
    let named = open_request(tx, actor.workspace, client)?.ok_or(DECIDED)?;
    let company = match company {
        Some(company) => company,
        None => match directory::companies::by_name(tx, actor.workspace, &named)? {
            Some(known) => known,
            None => administration::companies::add(tx, actor, &named)?,
        },
    };
    let change = ClientInput { company_ids: vec![company].into(), ..ClientInput::default() };
    clients::edit_client(tx, actor, client, &change)?;
    close(tx, actor.workspace, client)?;
    Ok(company)
}

/// Dismisses the suggestion; the client user stays without a company.
///
/// # Errors
/// `NotFound`; `Conflict` if already decided.
pub fn dismiss(tx: &mut Tx, actor: &Actor, client: PersonId) -> Result<()> {
    lock::lock_directory(tx, actor.workspace)?;
    access::client(tx, actor, client)?;
    let named = open_request(tx, actor.workspace, client)?.ok_or(DECIDED)?;
    close(tx, actor.workspace, client)?;
    let changes = Changes::none().note("company", named);
    audit_log::append(tx, actor, AuditAction::BelongingDismissed, Some(client.0), changes)
}

fn close(tx: &Tx, workspace: WorkspaceId, client: PersonId) -> Result<()> {
    tx.run("DELETE FROM company_requests WHERE workspace = $1 AND person = $2", &[&workspace, &client])?;
    Ok(())
}

/// Public mail providers: people with addresses there need not have anything else in common.
const PROVIDERS: &[&str] = &[
    "gmail.com",
    "googlemail.com",
    "msn.com",
    "ymail.com",
    "rocketmail.com",
    "icloud.com",
    "me.com",
    "mac.com",
    "aol.com",
    "aim.com",
    "mail.com",
    "email.com",
    "usa.com",
    "inbox.com",
    "zoho.com",
    "zohomail.com",
    "zohomail.eu",
    "fastmail.com",
    "fastmail.fm",
    "hey.com",
    "proton.me",
    "protonmail.com",
    "protonmail.ch",
    "pm.me",
    "tutanota.com",
    "tutanota.de",
    "tuta.com",
    "tuta.io",
    "posteo.de",
    "posteo.net",
    "mailbox.org",
    "web.de",
    "t-online.de",
    "freenet.de",
    "arcor.de",
    "email.de",
    "bluewin.ch",
    "orange.fr",
    "wanadoo.fr",
    "free.fr",
    "laposte.net",
    "sfr.fr",
    "libero.it",
    "virgilio.it",
    "tin.it",
    "alice.it",
    "telefonica.net",
    "terra.es",
    "sapo.pt",
    "ziggo.nl",
    "kpnmail.nl",
    "planet.nl",
    "telenet.be",
    "skynet.be",
    "seznam.cz",
    "wp.pl",
    "o2.pl",
    "onet.pl",
    "interia.pl",
    "abv.bg",
    "ukr.net",
    "mail.ru",
    "bk.ru",
    "list.ru",
    "inbox.ru",
    "rambler.ru",
    "btinternet.com",
    "virginmedia.com",
    "sky.com",
    "talktalk.net",
    "ntlworld.com",
    "comcast.net",
    "verizon.net",
    "att.net",
    "sbcglobal.net",
    "bellsouth.net",
    "cox.net",
    "charter.net",
    "earthlink.net",
    "shaw.ca",
    "rogers.com",
    "sympatico.ca",
    "bigpond.com",
    "optusnet.com.au",
    "xtra.co.nz",
    "uol.com.br",
    "bol.com.br",
    "terra.com.br",
    "qq.com",
    "foxmail.com",
    "163.com",
    "126.com",
    "yeah.net",
    "sina.com",
    "sohu.com",
    "aliyun.com",
    "naver.com",
    "hanmail.net",
    "daum.net",
    "docomo.ne.jp",
    "rediffmail.com",
];
/// Public mail providers with a domain per country, such as `yahoo.co.uk` and `gmx.at`.
const FAMILIES: &[&str] = &["yahoo", "hotmail", "outlook", "live", "gmx", "yandex"];

/// The domain of an address, unless it belongs to a public provider.
fn own_domain(email: &str) -> Option<String> {
    let (_, domain) = email.rsplit_once('@')?;
    let domain = limits::normalize(domain);
    let family = domain.split('.').next().unwrap_or("");
    let is_public = PROVIDERS.contains(&domain.as_str()) || FAMILIES.contains(&family);
    (!is_public).then_some(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s14_a_public_provider_s_domain_says_nothing_about_where_somebody_works() {
        for public in
            ["a@gmail.com", "a@GoogleMail.com", "a@yahoo.co.uk", "a@outlook.de", "a@gmx.at", "a@live.nl"]
        {
            assert_eq!(own_domain(public), None, "{public}");
        }
        for own in ["a@acme.example", "a@mail.acme.example", "a@notgmail.com", "a@gmail.com.acme.example"] {
            assert_eq!(own_domain(own), own.rsplit_once('@').map(|(_, domain)| domain.to_string()), "{own}");
        }
    }
}
