//! Uploads that begin on one node and go on through another, with one database and one folder of files (F14).

use std::io;
use std::time::Duration;

use crate::support::{Browser, Firm, MORNING, Portal};
use axum::body::{Body, Bytes};
use domain::files::entry;
use domain::files::upload_leases::LEASE;
use domain::kernel::ids::{FileId, UploadId};
use futures_util::stream;
use outbound::blobs::{Blobs, Folder, Form, Name};
use store::{Clock, Engine, Store};
use testing::Database;
use tokio::sync::mpsc;

/// Bytes that are recorded in one step.
const STEP: usize = 32 << 20;
const SIZE: usize = STEP + (8 << 20);

/// Two nodes, their files, and what must outlive them.
struct Nodes {
    firm: Firm,
    other: Portal,
    files: tempfile::TempDir,
    _database: Database,
}

impl Nodes {
    async fn on(database: Database) -> Nodes {
        let files = tempfile::tempdir().unwrap();
        let store = Store::open(database.setting(), Clock::simulated(MORNING), domain::MIGRATIONS).unwrap();
        let node = || Portal::vast_beside(&store, Blobs::Folder(Folder::new(files.path())));
        Nodes { firm: Firm::furnish(node()).await, other: node(), files, _database: database }
    }

    /// A browser that reaches the first node, and its upload of [`SIZE`] bytes.
    async fn begins(&self) -> (Browser<'_>, String) {
        let mut oskar = self.firm.browser_of(self.firm.oskar).await;
        let channel = self.firm.channel.to_string();
        let path =
            oskar.announces(SIZE, &[("filename", "a.bin"), ("channel", &channel), ("folder", "")]).await;
        (oskar, path)
    }

    async fn received(&self, path: &str) -> i64 {
        let (oskar, id) =
            (self.firm.oskar, path.trim_start_matches("/uploads/").parse::<UploadId>().unwrap());
        self.firm
            .portal
            .read(move |reader| Ok(domain::files::uploads::find(reader, &oskar, id)?.received))
            .await
    }

    /// The bytes of the file that an upload became.
    async fn bytes(&self, file: FileId) -> Vec<u8> {
        let oskar = self.firm.oskar;
        let stored =
            self.firm.portal.read(move |reader| entry::find(reader, &oskar, file)).await.stored.unwrap();
        let name = Name { workspace: oskar.workspace.0, id: stored.blob.0 };
        let blobs = Blobs::Folder(Folder::new(self.files.path()));
        let reading = blobs.read(name, Form::Whole, 0..SIZE as u64).await.unwrap();
        reading.all().await.unwrap()
    }

    fn staged(&self) -> usize {
        std::fs::read_dir(self.files.path().join("staged")).map_or(0, Iterator::count)
    }
}

/// Bytes that differ everywhere and are never zero.
fn content() -> Vec<u8> {
    (0..SIZE).map(|place| (place.wrapping_mul(2_654_435_761) >> 13) as u8 | 1).collect()
}

/// A body, and the end that gives it its bytes.
fn body() -> (mpsc::Sender<Bytes>, Body) {
    let (sender, receiver) = mpsc::channel(1);
    let pieces = stream::unfold(receiver, |mut receiver| async {
        let bytes = receiver.recv().await?;
        Some((Ok::<_, io::Error>(bytes), receiver))
    });
    (sender, Body::from_stream(pieces))
}

/// Waits until something is so, on its way through the disk.
async fn until(is_so: impl AsyncFn() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(60), async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    waited.await.expect("in time");
}

/// Makes each function a test on both engines.
macro_rules! both {
    ($($name:ident;)*) => {$(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                super::$name(super::Nodes::on(testing::Database::sqlite()).await).await;
            }

            #[cfg(feature = "cluster")]
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                if let Some(database) = testing::Database::postgres(domain::MIGRATIONS) {
                    super::$name(super::Nodes::on(database).await).await;
                }
            }
        }
    )*};
}

both! {
    f14_an_upload_that_stalls_on_one_node_goes_on_whole_through_another;
    f14_two_nodes_that_resume_at_once_take_turns;
}

async fn f14_an_upload_that_stalls_on_one_node_goes_on_whole_through_another(nodes: Nodes) {
    let (mut stalled, path) = nodes.begins().await;
    let mut resumed = stalled.at(&nodes.other);
    let all = content();
    let piece = |from: usize, to: usize| Bytes::copy_from_slice(&all[from..to]);
    // More than is recorded has come over the first connection when it falls silent.
    let (sender, coming) = body();
    let stalling = stalled.brings(&path, 0, coming);
    let going_on = async {
        for from in (0..STEP + (4 << 20)).step_by(1 << 20) {
            sender.send(piece(from, from + (1 << 20))).await.unwrap();
        }
        until(async || nodes.received(&path).await == STEP as i64).await;
        if nodes.firm.portal.store.engine() == Engine::Postgres {
            resumed.brings(&path, STEP, all[STEP..].to_vec()).await.is(423);
            nodes.firm.portal.wait(LEASE);
        }
        assert_eq!(resumed.offset(&path).await, STEP);
        // The second half of what is left comes after the first connection has moved again.
        let (rest, coming) = body();
        let resuming = resumed.brings(&path, STEP, coming);
        let moving = async {
            rest.send(piece(STEP, STEP + (2 << 20))).await.unwrap();
            until(async || nodes.staged() == 1).await;
            sender.send(piece(STEP + (4 << 20), SIZE)).await.ok();
            drop(sender);
            rest.send(piece(STEP + (2 << 20), SIZE)).await.unwrap();
            drop(rest);
        };
        tokio::join!(resuming, moving).0
    };
    let (late, answer) = tokio::join!(stalling, going_on);
    answer.is(204);
    late.is(409);
    let file = answer.headers["portal-file"].to_str().unwrap().parse().unwrap();
    assert!(nodes.bytes(file).await == all, "every byte is where it was sent for");
    assert_eq!(nodes.staged(), 0);
}

async fn f14_two_nodes_that_resume_at_once_take_turns(nodes: Nodes) {
    let (mut one, path) = nodes.begins().await;
    let mut two = one.at(&nodes.other);
    let all = content();
    let (answer, other) = tokio::join!(one.brings(&path, 0, all.clone()), two.brings(&path, 0, all.clone()));
    let mut statuses = [answer.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses[0], 204, "one of them brings it");
    assert!([404, 409, 423].contains(&statuses[1]), "the other is told to ask again: {statuses:?}");
    let file = [&answer, &other].into_iter().find_map(|answer| answer.headers.get("portal-file")).unwrap();
    assert!(nodes.bytes(file.to_str().unwrap().parse().unwrap()).await == all);
    assert_eq!(nodes.firm.file_names(nodes.firm.oskar, nodes.firm.channel).await, ["a.bin"]);
}
