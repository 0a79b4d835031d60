//! What mails are signed with: a key in a file, and the domain and selector under which its public half is published.

use outbound::mail::{Dkim, DkimError};

use super::error::Error;
use super::forms::PublicUrl;
use super::sources::Sources;

/// The selector where none is named.
const SELECTOR: &str = "portal";

/// The signature that the settings ask for; `None` without a key.
pub(super) fn read(
    sources: &Sources<'_>,
    mail_from: Option<&str>,
    public_url: Option<&PublicUrl>,
) -> Result<Option<Dkim>, Error> {
    let (domain, selector) = (sources.find("dkim-domain")?, sources.find("dkim-selector")?);
    let Some(file) = sources.find("dkim-key")? else { return Ok(None) };
    let pem = std::fs::read(&file.text).map_err(|cause| {
        let expected = "a file with a private key (PEM)";
        Error::new(&file.name, format!("the file cannot be read: {cause}; expected is {expected}"))
    })?;
    let of_sender = mail_from.and_then(|address| address.rsplit_once('@')).map(|(_, domain)| domain);
    let usual = of_sender.or(public_url.map(PublicUrl::mail_host)).unwrap_or_default();
    let domain_name = domain.as_ref().map_or(usual, |given| &given.text);
    let selector_name = selector.as_ref().map_or(SELECTOR, |given| &given.text);
    Dkim::new(&pem, domain_name, selector_name).map(Some).map_err(|error| match error {
        DkimError::NoKey | DkimError::Kind => {
            let expected = "a private key (PEM): RSA with 2048 bits or more, or Ed25519";
            Error::new(&file.name, format!("{error}; expected is {expected}"))
        }
        DkimError::Name => {
            let name = domain.as_ref().or(selector.as_ref());
            let expected = "a domain such as example.com, and a selector such as portal";
            Error::new(
                name.map_or("PORTAL_DKIM_DOMAIN", |given| &given.name),
                format!(
                    "mails cannot be signed for `{domain_name}` with the selector `{selector_name}`; expected is {expected}"
                ),
            )
        }
    })
}
