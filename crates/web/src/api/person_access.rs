//! What the access of client users and of internal users has in common.

use axum::Json;
use domain::arrival::invitations;
use domain::directory::person::Person;
use domain::kernel::access::Actor;
use domain::kernel::error;
use domain::kernel::ids::PersonId;
use serde::Serialize;
use store::{Reader, Tx};

use crate::api::call::Call;
use crate::api::failure::Result;
use crate::api::objects::Deleted;

/// A person as an object of the API.
pub(crate) trait PersonObject: Serialize + Send + Sized + 'static {
    /// # Errors
    /// `NotFound` for people of the other kind too.
    fn person(reader: &Reader, actor: &Actor, id: PersonId) -> error::Result<Person>;

    fn read(reader: &Reader, actor: &Actor, person: Person) -> error::Result<Self>;

    fn find(reader: &Reader, actor: &Actor, id: PersonId) -> error::Result<Self> {
        Self::read(reader, actor, Self::person(reader, actor, id)?)
    }
}

/// Changes the access of a person and answers them.
pub(crate) async fn change_access<T: PersonObject>(
    call: Call,
    id: PersonId,
    canonical: &[u8],
    change: fn(&mut Tx, &Actor, PersonId) -> error::Result<()>,
) -> Result {
    let change = move |tx: &mut Tx, actor: &Actor| {
        T::person(tx, actor, id)?;
        change(tx, actor, id)
    };
    call.run(canonical, change, move |reader, actor, ()| T::find(reader, actor, id)).await
}

pub(crate) async fn take_back_invitation<T: PersonObject>(
    call: &Call,
    id: PersonId,
) -> Result<Json<Deleted>> {
    let change = move |tx: &mut Tx, actor: &Actor| {
        T::person(tx, actor, id)?;
        invitations::take_back(tx, actor, id)
    };
    call.delete(id.0, "invitation", change).await
}
