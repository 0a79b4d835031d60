//! `portal serve`: opens everything, says where it listens, runs until it is told to stop, and leaves nothing half-done.
//!
//! The first SIGTERM or SIGINT stops it: no new connections, open streams are told, requests and mails that have begun
//! are finished, the database is closed. The second one ends it at once; what was answered as done is on disk anyway.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::access::Actor;
use domain::journal::Event;
use domain::secrets::Secret;
use domain::sign_ins;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use outbound::documents::Documents;
use store::{Reader, Store};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use web::Web;
use workers::{
    BlobCollector, DeliveryWorker, DigestScheduler, Indexer, Previewer, ScanWorker, Sweeper, WebhookWorker,
};

use crate::data::{self, Data, Lock};
use crate::error::{Error, Result};
use crate::settings::{PublicUrl, Settings};

/// Workers may take this long to end what they have begun; what is cut off is taken up again by the next start.
const WORKERS_END_WITHIN: Duration = Duration::from_secs(5);
/// How often figures are cleared of what is too old to matter.
const FIGURES_KEPT_EVERY: Duration = Duration::from_secs(5);

/// A portal that is ready to serve.
pub(crate) struct Portal {
    settings: Settings,
    store: Store,
    data: Data,
    listener: TcpListener,
    address: SocketAddr,
    signals: Signals,
    _lock: Option<Lock>,
}

/// `portal serve`.
///
/// # Errors
/// Where something that it needs cannot be had.
pub(crate) async fn serve(settings: Settings) -> Result<()> {
    if let Some(wait) = settings.wait {
        tracing::warn!(?wait, "PORTAL_WAIT stands in for every workspace's wait: for trying out only");
    }
    let (data, lock) = take(&settings)?;
    let store = data::open(&settings.database)?;
    let portal = Portal::open(settings, store, data, lock).await?;
    let set_up = portal.store.write(sign_ins::set_up_link).await?;
    let link =
        |secret: Secret| format!("Set up this portal: {}/set-up/{}", portal.public_url(), secret.reveal());
    let more: Vec<String> = set_up.map(link).into_iter().collect();
    portal.announce(&more)?;
    portal.run().await
}

/// Makes the data folder and takes the right to serve it. Programs that share a PostgreSQL database may share it too.
///
/// # Errors
/// Where another program serves it.
pub(crate) fn take(settings: &Settings) -> Result<(Data, Option<Lock>)> {
    let data = Data::make(&settings.data)?;
    let lock = match &settings.database {
        store::Setting::Sqlite(_) => Some(data.lock()?),
        store::Setting::Postgres { .. } => None,
    };
    Ok((data, lock))
}

impl Portal {
    /// Takes the address to listen on.
    ///
    /// # Errors
    /// Where it cannot be had.
    pub(crate) async fn open(
        settings: Settings,
        store: Store,
        data: Data,
        lock: Option<Lock>,
    ) -> Result<Portal> {
        let failed = || {
            Error::machine(format!(
                "listen: given was `{}`; expected is a free address of this machine",
                settings.listen
            ))
        };
        let signals = Signals::catch().map_err(Error::machine("cannot catch signals"))?;
        let listener = TcpListener::bind(settings.listen).await.map_err(failed())?;
        let address = listener.local_addr().map_err(failed())?;
        Ok(Portal { settings, store, data, listener, address, signals, _lock: lock })
    }

    /// What links begin with.
    pub(crate) fn public_url(&self) -> PublicUrl {
        self.settings.public_url_at(self.address)
    }

    /// The database.
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// Says where it listens, to people and to the commands beside it, and what else there is to know: all at once, so that
    /// whoever waits for the first line has the others too.
    ///
    /// # Errors
    /// Where that cannot be written down.
    pub(crate) fn announce(&self, more: &[String]) -> Result<()> {
        self.data.set_address(&self.public_url())?;
        let mut lines = format!("Listening on {}\n", PublicUrl::of(self.address));
        more.iter().for_each(|line| lines.extend([line, "\n"]));
        print!("{lines}");
        Ok(())
    }

    /// Serves until a signal comes, then stops in order.
    ///
    /// # Errors
    /// Where the figures cannot be kept or connections cannot be taken.
    pub(crate) async fn run(self) -> Result<()> {
        let public_url = self.public_url();
        let sender = self.settings.sender(&public_url);
        let figures = PrometheusBuilder::new()
            .install_recorder()
            .map_err(|error| Error::refused(format!("cannot keep figures: {error}")))?;
        let (stop, stopping) = watch::channel(false);
        let texter = Arc::new(self.settings.text);
        let blobs = Arc::new(self.settings.blobs);
        let caller = Arc::new(self.settings.webhooks);
        let web = Web {
            store: self.store.clone(),
            texter: Arc::clone(&texter),
            caller: Arc::clone(&caller),
            blobs: Arc::clone(&blobs),
            room: self.settings.room,
            is_scanned: self.settings.scanner.is_some(),
            wait: self.settings.wait,
            public_url: public_url.to_string(),
            metrics: render(&figures),
            metrics_open: self.settings.metrics_open,
            calls_per_minute: self.settings.api_rate,
            stopping: stopping.clone(),
        };
        let mut workers = JoinSet::new();
        let mailer = Arc::new(self.settings.mail);
        let worker = DeliveryWorker::new(
            self.store.clone(),
            mailer,
            Arc::clone(&texter),
            public_url.as_str(),
            &sender,
        )
        .at_once(self.settings.mail_connections);
        workers.spawn(worker.run(stopping.clone()));
        workers.spawn(DigestScheduler::new(self.store.clone(), self.settings.wait).run(stopping.clone()));
        let (wait, url) = (self.settings.wait, public_url.to_string());
        let shown =
            move |reader: &Reader, actor: &Actor, event: &Event| web::told(reader, actor, wait, &url, event);
        let hooks = WebhookWorker::new(self.store.clone(), caller, Arc::new(shown));
        workers.spawn(hooks.run(stopping.clone()));
        workers.spawn(Indexer::new(self.store.clone()).run(stopping.clone()));
        workers.spawn(Sweeper::new(self.store.clone()).run(stopping.clone()));
        workers.spawn(BlobCollector::new(self.store.clone(), Arc::clone(&blobs)).run(stopping.clone()));
        let documents = Documents::installed();
        let previewer = Previewer::new(self.store.clone(), Arc::clone(&blobs), documents);
        workers.spawn(previewer.run(stopping.clone()));
        // Files that waited when a scanner was taken away are handed out by whoever takes it away: see docs/operating.md.
        if let Some(scanner) = self.settings.scanner {
            workers.spawn(ScanWorker::new(self.store.clone(), blobs, scanner).run(stopping.clone()));
        }
        let upkeep = tokio::spawn(keep(figures));
        let signals = tokio::spawn(self.signals.obey(stop));
        tracing::info!(address = %self.address, %public_url, engine = ?self.store.engine(), "serving");

        let served = web::serve(self.listener, web::router(web), stopping).await;

        let ended =
            tokio::time::timeout(WORKERS_END_WITHIN, async { while workers.join_next().await.is_some() {} });
        if ended.await.is_err() {
            tracing::warn!("some work did not finish in time; the next start takes it up again");
        }
        self.data.clear_address();
        let store = self.store;
        // Closing waits for the disk.
        let closed = tokio::task::spawn_blocking(move || store.close()).await;
        upkeep.abort();
        signals.abort();
        served.map_err(Error::machine("cannot serve"))?;
        closed.map_err(|error| Error::refused(format!("the database was not closed: {error}")))?;
        tracing::info!("stopped");
        Ok(())
    }
}

fn render(figures: &PrometheusHandle) -> Arc<dyn Fn() -> String + Send + Sync> {
    let figures = figures.clone();
    Arc::new(move || figures.render())
}

async fn keep(figures: PrometheusHandle) {
    loop {
        tokio::time::sleep(FIGURES_KEPT_EVERY).await;
        figures.run_upkeep();
    }
}

/// The signals that stop a program.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn catch() -> std::io::Result<Signals> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn obey(mut self, stop: watch::Sender<bool>) {
        let name = self.next().await.0;
        tracing::info!(signal = name, "stopping; the same again ends it at once");
        stop.send_replace(true);
        let (name, number) = self.next().await;
        tracing::warn!(signal = name, "ended at once");
        // As the system reports a program that a signal ended.
        std::process::exit(128 + number);
    }

    async fn next(&mut self) -> (&'static str, i32) {
        tokio::select! {
            _ = self.terminate.recv() => ("SIGTERM", SignalKind::terminate().as_raw_value()),
            _ = self.interrupt.recv() => ("SIGINT", SignalKind::interrupt().as_raw_value()),
        }
    }
}
