//! Opening a connection: what the server and both operating systems are told about how long anything may take.

use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::{Client, Config, NoTls};

use crate::error::{Error, Result};

/// The keepalive of a configuration that does not set it.
const KEEPALIVE_UNSET: Duration = Duration::from_secs(2 * 60 * 60);

/// A connection on which nothing moves is tried after this time, and three times more at this interval.
const KEEPALIVE: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(3));

/// How long is waited.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// For a connection.
    pub(crate) connect: Duration,
    /// For the answer to a statement, and for locks; `None` for what takes as long as the data is large.
    pub(crate) statement: Option<Duration>,
}

pub(super) struct Opened {
    pub(super) runtime: Runtime,
    pub(super) client: Client,
    pub(super) task: JoinHandle<()>,
}

pub(super) fn open(address: &str, limits: Limits) -> Result<Opened> {
    let config = configure(address, limits)?;
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Unavailable(error.to_string()))?;
    // Over all of it: a server that is stuck takes a connection and then says nothing.
    let connected = runtime.block_on(async {
        timeout(limits.connect, async {
            let (client, connection) = config.connect(NoTls).await?;
            let task = tokio::spawn(async move {
                // The client says what went wrong.
                let _ = connection.await;
            });
            client.batch_execute(&session(limits.statement)).await?;
            Ok::<_, tokio_postgres::Error>((client, task))
        })
        .await
    });
    match connected {
        Ok(Ok((client, task))) => Ok(Opened { runtime, client, task }),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(Error::Unavailable("it takes no connection in time".to_string())),
    }
}

/// What the address leaves open: a peer that has vanished is noticed, though it never says so.
fn configure(address: &str, limits: Limits) -> Result<Config> {
    let mut config: Config = address.parse()?;
    if config.get_application_name().is_none() {
        config.application_name("portal");
    }
    if config.get_keepalives_idle() == KEEPALIVE_UNSET {
        config.keepalives_idle(KEEPALIVE.0).keepalives_interval(KEEPALIVE.1).keepalives_retries(3);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(limits.connect.max(Duration::from_secs(1)));
    }
    Ok(config)
}

/// The server's own limits. They end a little before ours: then the server says what it was, and the connection is kept.
/// Queries here are short: compiling one takes longer than running it.
fn session(statement: Option<Duration>) -> String {
    let server = statement.map_or(0, |limit| (limit * 9 / 10).as_millis().max(1));
    let idle = statement.map_or(0, |limit| limit.as_millis().max(1));
    format!(
        "SET statement_timeout = {server}; SET lock_timeout = {server}; \
         SET idle_in_transaction_session_timeout = {idle}; SET jit = off"
    )
}
