//! `portal serve`: opens everything, prints where it listens, runs until it is told to stop, and leaves nothing half done.
//!
//! The first SIGTERM or SIGINT stops it: it accepts no new connections, tells open streams, finishes requests and mails that
//! have begun, and closes the database. The second one ends it at once; whatever was confirmed is on disk anyway.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::administration::set_up;
use domain::kernel::access::Actor;
use domain::kernel::journal::Event;
use domain::kernel::secrets::Secret;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use outbound::documents::Documents;
use store::{Reader, Store};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use web::Web;
use workers::{
    BlobCollector, ClockWatcher, DeliveryWorker, DigestScheduler, Indexer, Previewer, ScanWorker, Sweeper,
    WebhookWorker,
};

use crate::data::{self, Data, Lock};
use crate::error::{Error, Result};
use crate::settings::{PublicUrl, Settings};
use crate::{leftovers, process_limits};

/// How long workers may take to finish what they have begun; the next start resumes the rest.
const WORKERS_END_WITHIN: Duration = Duration::from_secs(5);
/// How often outdated values are removed from the metrics.
const METRICS_UPKEEP_EVERY: Duration = Duration::from_secs(5);

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
pub(crate) async fn serve(settings: Settings) -> Result<()> {
    if let Some(wait) = settings.wait {
        tracing::warn!(?wait, "PORTAL_WAIT stands in for every workspace's wait: for trying out only");
    }
    let (data, lock) = lock_data(&settings)?;
    let store = data::open(&settings.database)?;
    let portal = Portal::open(settings, store, data, lock).await?;
    let set_up = portal.store.write(set_up::set_up_link).await?;
    let link =
        |secret: Secret| format!("Set up this portal: {}/set-up/{}", portal.public_url(), secret.reveal());
    let more: Vec<String> = set_up.map(link).into_iter().collect();
    portal.announce(&more)?;
    portal.run().await
}

/// Creates the data folder and locks it. Programs that share a PostgreSQL database may share the folder too.
pub(crate) fn lock_data(settings: &Settings) -> Result<(Data, Option<Lock>)> {
    let data = Data::create(&settings.data)?;
    let lock = match &settings.database {
        store::Setting::Sqlite(_) => Some(data.lock()?),
        store::Setting::Postgres { .. } => None,
    };
    Ok((data, lock))
}

impl Portal {
    /// Binds the address to listen on.
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
        process_limits::raise_open_files();
        leftovers::sweep(&settings);
        let signals = Signals::catch().map_err(Error::machine("cannot catch signals"))?;
        let listener = TcpListener::bind(settings.listen).await.map_err(failed())?;
        let address = listener.local_addr().map_err(failed())?;
        Ok(Portal { settings, store, data, listener, address, signals, _lock: lock })
    }

    /// What links begin with.
    pub(crate) fn public_url(&self) -> PublicUrl {
        self.settings.public_url_at(self.address)
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// Tells people and other commands where it listens. Prints all lines at once, so that whoever waits for the first has the
    /// others too.
    pub(crate) fn announce(&self, more: &[String]) -> Result<()> {
        self.data.set_address(&self.public_url())?;
        let mut lines = format!("Listening on {}\n", PublicUrl::of(self.address));
        more.iter().for_each(|line| lines.extend([line, "\n"]));
        print!("{lines}");
        Ok(())
    }

    /// Serves until a signal comes, then shuts down cleanly.
    pub(crate) async fn run(self) -> Result<()> {
        let public_url = self.public_url();
        let sender = self.settings.sender(&public_url);
        let metrics = PrometheusBuilder::new()
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
            metrics: render(&metrics),
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
        let event_payload = move |reader: &Reader, actor: &Actor, event: &Event| {
            web::event_payload(reader, actor, wait, &url, event)
        };
        let hooks = WebhookWorker::new(self.store.clone(), caller, Arc::new(event_payload));
        workers.spawn(hooks.run(stopping.clone()));
        workers.spawn(Indexer::new(self.store.clone()).run(stopping.clone()));
        workers.spawn(ClockWatcher::new(self.store.clone()).run(stopping.clone()));
        workers.spawn(Sweeper::new(self.store.clone()).run(stopping.clone()));
        workers.spawn(BlobCollector::new(self.store.clone(), Arc::clone(&blobs)).run(stopping.clone()));
        let documents = Documents::installed();
        let previewer = Previewer::new(self.store.clone(), Arc::clone(&blobs), documents);
        workers.spawn(previewer.run(stopping.clone()));
        // Files that waited when the scanner was removed are released by hand: see docs/operating.md.
        if let Some(scanner) = self.settings.scanner {
            workers.spawn(ScanWorker::new(self.store.clone(), blobs, scanner).run(stopping.clone()));
        }
        let upkeep = tokio::spawn(maintain(metrics));
        let signals = tokio::spawn(self.signals.handle(stop));
        let open_files = process_limits::open_files();
        tracing::info!(address = %self.address, %public_url, engine = ?self.store.engine(), ?open_files, "serving");

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

fn render(metrics: &PrometheusHandle) -> Arc<dyn Fn() -> String + Send + Sync> {
    let metrics = metrics.clone();
    Arc::new(move || metrics.render())
}

async fn maintain(metrics: PrometheusHandle) {
    loop {
        tokio::time::sleep(METRICS_UPKEEP_EVERY).await;
        metrics.run_upkeep();
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

    async fn handle(mut self, stop: watch::Sender<bool>) {
        let name = self.next().await.0;
        tracing::info!(signal = name, "stopping; the same again ends it at once");
        stop.send_replace(true);
        let (name, number) = self.next().await;
        tracing::warn!(signal = name, "ended at once");
        // The status that a shell reports for a program ended by a signal.
        std::process::exit(128 + number);
    }

    async fn next(&mut self) -> (&'static str, i32) {
        tokio::select! {
            _ = self.terminate.recv() => ("SIGTERM", SignalKind::terminate().as_raw_value()),
            _ = self.interrupt.recv() => ("SIGINT", SignalKind::interrupt().as_raw_value()),
        }
    }
}
