//! What mails are signed with: a key in a file, and the domain and selector under which its public half is published.

use outbound::mail::{Dkim, DkimError};

use super::{Error, PublicUrl, Sources};

/// The selector where none is named.
const SELECTOR: &str = "portal";

/// The signature that the settings ask for; none where they name no key.
///
/// # Errors
/// Where the file cannot be read or holds no such key, or a name is none.
pub(super) fn read(
    sources: &Sources<'_>,
    mail_from: Option<&str>,
    public_url: Option<&PublicUrl>,
) -> Result<Option<Dkim>, Error> {
    let (domain, selector) = (sources.find("dkim_domain")?, sources.find("dkim_selector")?);
    let Some(file) = sources.find("dkim_key")? else { return Ok(None) };
    let pem = std::fs::read(&file.text).map_err(|cause| Error::Dkim {
        name: file.name.clone(),
        reason: format!("the file cannot be read: {cause}"),
        expected: "a file with a private key (PEM)",
    })?;
    let of_sender = mail_from.and_then(|address| address.rsplit_once('@')).map(|(_, domain)| domain);
    let usual = of_sender.or(public_url.map(PublicUrl::mail_host)).unwrap_or_default();
    let domain_name = domain.as_ref().map_or(usual, |given| &given.text);
    let selector_name = selector.as_ref().map_or(SELECTOR, |given| &given.text);
    Dkim::new(&pem, domain_name, selector_name).map(Some).map_err(|error| match error {
        DkimError::NoKey | DkimError::Kind => Error::Dkim {
            name: file.name,
            reason: error.to_string(),
            expected: "a private key (PEM): RSA with 2048 bits or more, or Ed25519",
        },
        DkimError::Name => Error::Dkim {
            name: domain
                .as_ref()
                .or(selector.as_ref())
                .map_or("PORTAL_DKIM_DOMAIN", |given| &given.name)
                .to_string(),
            reason: format!("mails cannot be signed for `{domain_name}` with the selector `{selector_name}`"),
            expected: "a domain such as example.com, and a selector such as portal",
        },
    })
}
