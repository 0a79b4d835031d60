//! Calls with an `Idempotency-Key` are executed once, however often they are sent.
//!
//! The answer is stored in the same transaction, encrypted with the secret of the API key: it may have a link that signs
//! somebody in, and access to the database alone must not reveal it.

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::response::IntoResponse;
use bytes::Bytes;
use domain::kernel::error::{self, Error};
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
    name_hash: Option<[u8; 32]>,
    call: String,
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> std::result::Result<IdempotencyKey, Failure> {
        let call = format!("{} {}", parts.method, parts.uri);
        let Some(name) = parts.headers.get("idempotency-key") else {
            return Ok(IdempotencyKey { name_hash: None, call });
        };
        let is_good = |name: &&str| (1..=CHARACTERS).contains(&name.len()) && !name.contains('\t');
        let name = name.to_str().ok().map(str::trim).filter(is_good).ok_or_else(|| {
            Failure::field(HEADER, &format!("Please use 1 to {CHARACTERS} visible ASCII characters."))
        })?;
        Ok(IdempotencyKey { name_hash: Some(secrets::hash(name)), call })
    }
}

impl IdempotencyKey {
    /// Executes `deed` and answers the result of `show` as JSON. A repeated call gets the first answer again. `body` is the
    /// canonical body of the call.
    ///
    /// # Errors
    /// Those of the closures; 409 if the key was used for a different call.
    pub(crate) async fn run<D: Send + 'static, T: Serialize + Send + 'static>(
        self,
        app: &App,
        program: &ApiClient,
        body: &[u8],
        deed: impl FnOnce(&mut Tx) -> error::Result<D> + Send + 'static,
        show: impl FnOnce(&Reader, D) -> error::Result<T> + Send + 'static,
    ) -> Result {
        let Some(name_hash) = self.name_hash else {
            let done = app.store().write(deed).await?;
            // Read outside the transaction, so that other writers do not wait.
            return Ok(Json(app.store().read(move |reader| show(reader, done)).await?).into_response());
        };
        let request = [self.call.as_bytes(), b"\n", body].concat();
        let request_hash = secrets::hash_bytes(&request);
        let question = Question { key: program.key, name_hash, request_hash };
        let (actor, seal) = (program.actor, program.seal.clone());
        let done = app
            .store()
            .write(move |tx| {
                if let Some(first) = idempotency::known(tx, &actor, &question)? {
                    return Ok((first, true));
                }
                let done = deed(tx)?;
                let answer = show(tx, done)?;
                // Objects of the API always serialize.
                let json = serde_json::to_vec(&answer).unwrap_or_default();
                idempotency::record_answer(tx, &actor, &question, &seal.close(&json))?;
                Ok::<_, Error>((json, false))
            })
            .await?;
        let (json, is_again) = match done {
            (sealed, true) => (program.seal.open(sealed).ok_or(store::Error::Missing)?, true),
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
