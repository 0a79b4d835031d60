//! Addresses that need neither a session nor a key for a quarter of an hour: what they are good for, for whom and until
//! when stands in them, signed with a key of the workspace (HMAC-SHA-256, RFC 2104). Whether that person may still do it
//! is asked when the address is used. One that a program got is good for as long as the admin of its key is an active admin.

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

/// An address is good for this long.
pub const LASTS: Duration = Duration::from_secs(15 * 60);
/// Purpose, time, person, file.
const CLAIM_BYTES: usize = 1 + 8 + 16 + 16;
const MAC_BYTES: usize = 32;

/// What an address is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Getting the bytes of a file.
    Download,
    /// Bringing the bytes of a file that waits for them.
    Upload,
}

impl Purpose {
    /// The letter for it: a small one for a person, a capital for a program that speaks as one.
    fn byte(self, is_api_client: bool) -> u8 {
        match (self, is_api_client) {
            (Purpose::Download, false) => b'd',
            (Purpose::Download, true) => b'D',
            (Purpose::Upload, false) => b'u',
            (Purpose::Upload, true) => b'U',
        }
    }
}

/// Signs addresses for somebody, from one moment on.
pub struct Signer {
    actor: Actor,
    until: Time,
    mac: Hmac<Sha256>,
}

impl Signer {
    /// A signer for somebody who looks now.
    pub fn new(reader: &Reader, actor: &Actor) -> Result<Signer> {
        let until = reader.now().after(LASTS);
        Ok(Signer { actor: *actor, until, mac: mac(reader, actor.workspace)? })
    }

    /// The signed part of an address: letters, digits, `-` and `_`. Whether the person may do it is not asked here.
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

/// Who asks with a signed address of a workspace, and for which file.
///
/// # Errors
/// `NotFound` for one that was not signed here, is for another purpose, has run out, or whose person is no longer active.
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

/// What signs claims of a workspace.
fn mac(reader: &Reader, workspace: WorkspaceId) -> Result<Hmac<Sha256>> {
    let key: Option<Option<Vec<u8>>> =
        reader.first("SELECT signing_key FROM workspaces WHERE id = $1", &[&workspace], |row| row.get(0))?;
    let key = key.flatten().ok_or(Error::NotFound)?;
    // HMAC takes keys of any length (RFC 2104, 2).
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| Error::NotFound)?;
    mac.update(workspace.0.as_bytes());
    Ok(mac)
}
