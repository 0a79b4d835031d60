//! Calls with an `Idempotency-Key` are executed once, however often they are sent.
//!
//! The answer is stored in the same transaction, encrypted with the secret of the API key: it may have a link that signs
//! somebody in, and access to the database alone must not reveal it.

use axum::http::Method;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::response::IntoResponse;
use bytes::Bytes;
use domain::kernel::access::Actor;
use domain::kernel::error;
use domain::kernel::idempotency::{self, Question};
use domain::kernel::secrets;
use serde::Serialize;
use store::{Reader, Tx};

use crate::api::auth::ApiClient;
use crate::api::failure::{Failure, Result};
use crate::app::App;

const HEADER: &str = "Idempotency-Key";
pub(crate) const CHARACTERS: usize = 255;

/// The client's key for the call, and the call itself.
pub(crate) struct IdempotencyKey {
    name_hash: [u8; 32],
    call: String,
}

impl IdempotencyKey {
    /// The key of a request; only POST takes one.
    pub(crate) fn of(parts: &Parts) -> Result<Option<IdempotencyKey>> {
        let Some(name) = parts.headers.get("idempotency-key").filter(|_| parts.method == Method::POST) else {
            return Ok(None);
        };
        let is_good = |name: &&str| (1..=CHARACTERS).contains(&name.len()) && !name.contains('\t');
        let name = name.to_str().ok().map(str::trim).filter(is_good).ok_or_else(|| {
            Failure::field(HEADER, &format!("Please use 1 to {CHARACTERS} visible ASCII characters."))
        })?;
        let call = format!("{} {}", parts.method, parts.uri);
        Ok(Some(IdempotencyKey { name_hash: secrets::hash(name), call }))
    }

    /// Does what is asked for (`change`) and answers what came of it (`show`) as JSON; where it was done before, answers the
    /// same again. `body` is what the call came with.
    ///
    /// # Errors
    /// Those of the closures; 409 if the key was used for a different call.
    pub(crate) async fn run<D: Send + 'static, T: Serialize + Send + 'static>(
        self,
        app: &App,
        api_client: &ApiClient,
        body: &[u8],
        change: impl FnOnce(&mut Tx, &Actor) -> error::Result<D> + Clone + Send + 'static,
        show: impl FnOnce(&Reader, &Actor, D) -> error::Result<T> + Clone + Send + 'static,
    ) -> Result {
        let request = [self.call.as_bytes(), b"\n", body].concat();
        let request_hash = secrets::hash_bytes(&request);
        let question = Question { key: api_client.key, name_hash: self.name_hash, request_hash };
        let (actor, seal) = (api_client.actor, api_client.seal.clone());
        let done = app
            .store()
            .write(move |tx| {
                if let Some(first) = idempotency::known(tx, &actor, &question)? {
                    return Ok((first, true));
                }
                let done = change(tx, &actor)?;
                let answer = show(tx, &actor, done)?;
                let json = serde_json::to_vec(&answer).expect("an object of the API has a JSON form");
                idempotency::record_answer(tx, &actor, &question, &seal.close(&json))?;
                Ok::<_, error::Error>((json, false))
            })
            .await?;
        let (json, is_again) = match done {
            (sealed, true) => (api_client.seal.open(sealed).ok_or(store::Error::Missing)?, true),
            fresh => fresh,
        };
        let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        let mut response = (kind, Bytes::from(json)).into_response();
        if is_again {
            let name = HeaderName::from_static("idempotency-replayed");
            response.headers_mut().insert(name, HeaderValue::from_static("true"));
        }
        Ok(response)
    }
}
