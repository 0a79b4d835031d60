//! Signed addresses (F2): valid for 15 minutes without a session or key. Each contains its purpose, person, file and
//! expiry, signed with a key of the workspace (HMAC-SHA-256, RFC 2104). Whether the person still has access is checked
//! when it is used. One issued to an API client works as long as the admin behind its key is an active admin.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use store::{Reader, Time};
use uuid::Uuid;

use crate::kernel::access::{self, Actor, Role};
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{FileId, PersonId, WorkspaceId};

/// How long an address is valid.
pub const LASTS: Duration = Duration::from_secs(15 * 60);
/// Purpose, expiry, person, file.
const CLAIM_BYTES: usize = 1 + 8 + 16 + 16;
const MAC_BYTES: usize = 32;

/// What an address permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Downloading the bytes of a file.
    Download,
    /// Uploading the bytes of a file that waits for them.
    Upload,
}

impl Purpose {
    /// Lower case for a person, upper case for an API client acting as one.
    fn byte(self, is_api_client: bool) -> u8 {
        match (self, is_api_client) {
            (Purpose::Download, false) => b'd',
            (Purpose::Download, true) => b'D',
            (Purpose::Upload, false) => b'u',
            (Purpose::Upload, true) => b'U',
        }
    }
}

/// Signs addresses for one actor, all with the same expiry.
pub struct Signer {
    actor: Actor,
    until: Time,
    mac: Hmac<Sha256>,
}

impl Signer {
    /// A signer whose addresses expire [`LASTS`] from now.
    pub fn new(reader: &Reader, actor: &Actor) -> Result<Signer> {
        let until = reader.now().after(LASTS);
        Ok(Signer { actor: *actor, until, mac: mac(reader, actor.workspace)? })
    }

    /// The signed part of an address: letters, digits, `-` and `_`. Does not check access.
    pub fn sign(&self, purpose: Purpose, file: FileId) -> String {
        let mut signed = Vec::with_capacity(CLAIM_BYTES + MAC_BYTES);
        signed.push(purpose.byte(self.actor.is_api_client()));
        signed.extend_from_slice(&self.until.0.to_be_bytes());
        signed.extend_from_slice(self.actor.person.0.as_bytes());
        signed.extend_from_slice(file.0.as_bytes());
        let tag = self.mac.clone().chain_update(&signed).finalize().into_bytes();
        signed.extend_from_slice(&tag);
        URL_SAFE_NO_PAD.encode(signed)
    }
}

/// Verifies a signed address and returns its actor and file. The caller must check access to the file.
///
/// # Errors
/// `NotFound` for a wrong signature or purpose, an expired address, or a person who is no longer active.
pub fn check(
    reader: &Reader,
    workspace: WorkspaceId,
    purpose: Purpose,
    signed: &str,
) -> Result<(Actor, FileId)> {
    let bytes = URL_SAFE_NO_PAD.decode(signed).map_err(|_| Error::NotFound)?;
    if bytes.len() != CLAIM_BYTES + MAC_BYTES {
        return Err(Error::NotFound);
    }
    let (claim, tag) = bytes.split_at(CLAIM_BYTES);
    mac(reader, workspace)?.chain_update(claim).verify_slice(tag).map_err(|_| Error::NotFound)?;
    let id = |from: usize| Uuid::from_slice(&claim[from..from + 16]).map_err(|_| Error::NotFound);
    let until: [u8; 8] = claim[1..9].try_into().map_err(|_| Error::NotFound)?;
    let is_api_client = claim[0] == purpose.byte(true);
    let is_for_this = is_api_client || claim[0] == purpose.byte(false);
    let is_good = is_for_this && reader.now() < Time(i64::from_be_bytes(until));
    let person = PersonId(id(9)?);
    let actor = access::actor(reader, workspace, person)?.filter(|_| is_good).ok_or(Error::NotFound)?;
    let actor = match is_api_client {
        false => actor,
        true if actor.role == Role::Admin => Actor::api_client(workspace, person),
        true => return Err(Error::NotFound),
    };
    Ok((actor, FileId(id(25)?)))
}

fn mac(reader: &Reader, workspace: WorkspaceId) -> Result<Hmac<Sha256>> {
    let key: Option<Option<Vec<u8>>> =
        reader.first("SELECT signing_key FROM workspaces WHERE id = $1", &[&workspace], |row| row.get(0))?;
    let key = key.flatten().ok_or(Error::NotFound)?;
    // HMAC takes keys of any length (RFC 2104, 2).
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| Error::NotFound)?;
    mac.update(workspace.0.as_bytes());
    Ok(mac)
}
