//! There and back, on and between both engines; and what is refused on the way.

use std::fs::File;
use std::io::Read;

use flate2::read::GzDecoder;
use outbound::blobs::{Blobs, Form, Memory, Name};
use store::{Clock, Engine, Setting, Store};
use tempfile::TempDir;
#[cfg(feature = "cluster")]
use testing::Database;

use super::archive::ArchiveWriter;
use super::blobs::BlobCount;
use super::*;
use crate::{demo, restore};

/// Tables that a backup leaves out, each for the reason given at [`TABLES`].
fn is_left_out(table: &str) -> bool {
    table == "migrations" || table.starts_with("message_words") || table.starts_with("sqlite_")
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn sqlite(folder: &TempDir, name: &str) -> Setting {
    Setting::Sqlite(folder.path().join(name))
}

fn open(setting: &Setting) -> Store {
    Store::open(setting, Clock::System, domain::MIGRATIONS).unwrap()
}

async fn furnished(setting: &Setting) -> Store {
    demo::furnish(setting, None).await.unwrap();
    open(setting)
}

async fn back(setting: &Setting, file: &Path) -> Result<u64> {
    let blobs = Arc::new(Blobs::Memory(Memory::default()));
    Ok(restore::into(setting, &blobs, file, &restore::meta(file)?).await?.0)
}

/// Writes a backup of a portal without files.
async fn write(store: &Store, path: &Path) -> Result<End> {
    Ok(writer::write(store, &Arc::new(Blobs::Memory(Memory::default())), path).await?.0)
}

/// All that a database holds, in an order of its own.
async fn rows(setting: &Setting) -> Vec<String> {
    let store = open(setting);
    let rows = store.read_long(|reader| {
        let mut rows = Vec::new();
        for table in TABLES {
            let all = format!("SELECT * FROM {table}");
            let columns = reader.columns(&all)?;
            reader.visit(&all, &[], &mut |row| {
                let mut cells = Vec::new();
                for (index, column) in columns.iter().enumerate() {
                    cells.push(format!("{column}={:?}", Cell::from(row.value(index)?)));
                }
                // Where a message stands in the index is the index's own matter.
                cells.retain(|cell| !cell.starts_with("search_row"));
                cells.sort();
                rows.push(format!("{table}: {}", cells.join(" ")));
                Ok(true)
            })?;
        }
        rows.sort();
        Ok::<_, store::Error>(rows)
    });
    let rows = rows.await.unwrap();
    store.close();
    rows
}

/// What Maya finds, newest first.
async fn found(setting: &Setting, words: &'static str) -> Vec<String> {
    let store = open(setting);
    let found = store.write(move |tx| {
        let workspace = domain::workspaces::all(tx)?.remove(0).id;
        let maya = domain::people::by_email(tx, workspace, "maya@northwind.example")?.unwrap().id;
        let actor = domain::people::actor(tx, workspace, maya)?.unwrap();
        domain::search::catch_up(tx)?;
        domain::search::messages(tx, &actor, words, None, None, 10)
    });
    let found = found.await.unwrap();
    store.close();
    found.into_iter().map(|found| found.message.text).collect()
}

async fn tables(setting: &Setting) -> Vec<String> {
    let store = open(setting);
    let catalogue = match store.engine() {
        Engine::Sqlite => "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name",
        Engine::Postgres => {
            "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
        }
    };
    let found = store.read(move |reader| reader.all(catalogue, &[], |row| row.get::<String>(0)));
    let mut found: Vec<String> = found.await.unwrap();
    store.close();
    found.retain(|table| !is_left_out(table));
    found
}

#[tokio::test]
async fn no_table_is_forgotten() {
    let mut listed: Vec<String> = TABLES.iter().map(ToString::to_string).collect();
    listed.sort();
    let folder = folder();
    assert_eq!(tables(&sqlite(&folder, "portal.db")).await, listed);
    #[cfg(feature = "cluster")]
    if let Some(database) = Database::postgres(&[]) {
        assert_eq!(tables(database.setting()).await, listed);
    }
}

#[tokio::test]
async fn tables_come_after_those_that_they_refer_to() {
    let folder = folder();
    let store = open(&sqlite(&folder, "portal.db"));
    let pairs = store.read(|reader| {
        reader.all(
            "SELECT t.name, k.\"table\" FROM sqlite_schema t JOIN pragma_foreign_key_list(t.name) k WHERE t.type = 'table'",
            &[],
            |row| Ok((row.get::<String>(0)?, row.get::<String>(1)?)),
        )
    });
    let pairs: Vec<(String, String)> = pairs.await.unwrap();
    store.close();
    let place = |table: &str| TABLES.iter().position(|known| *known == table);
    assert!(pairs.len() > 5);
    for (table, to) in pairs {
        assert!(place(&to) < place(&table), "{table} refers to {to}");
    }
}

#[tokio::test]
async fn what_is_restored_equals_what_was_backed_up() {
    let folder = folder();
    let (from, to) = (sqlite(&folder, "from.db"), sqlite(&folder, "to.db"));
    let store = furnished(&from).await;
    let file = folder.path().join("portal.backup");
    let end = write(&store, &file).await.unwrap();
    store.close();
    assert!(end.rows["messages"] > 50 && end.rows["journal"] > 50, "{end:?}");
    let count = back(&to, &file).await.unwrap();
    assert_eq!(count, end.rows.values().sum::<u64>());
    assert_eq!(rows(&to).await, rows(&from).await);
}

#[tokio::test]
async fn what_could_be_found_is_found_after_a_restore() {
    let folder = folder();
    let (from, to) = (sqlite(&folder, "from.db"), sqlite(&folder, "to.db"));
    let store = furnished(&from).await;
    let file = folder.path().join("portal.backup");
    write(&store, &file).await.unwrap();
    store.close();
    back(&to, &file).await.unwrap();
    let roof = found(&to, "roof").await;
    assert!(roof.len() > 2 && roof.iter().all(|text| text.to_lowercase().contains("roof")), "{roof:?}");
    assert_eq!(roof, found(&from, "roof").await);
}

#[cfg(feature = "cluster")]
#[tokio::test(flavor = "multi_thread")]
async fn one_engines_backup_is_the_others() {
    let Some(database) = Database::postgres(&[]) else { return };
    let between = database.setting();
    let folder = folder();
    let (from, to) = (sqlite(&folder, "from.db"), sqlite(&folder, "to.db"));
    let (there, home) = (folder.path().join("there"), folder.path().join("home"));
    let store = furnished(&from).await;
    write(&store, &there).await.unwrap();
    store.close();
    back(between, &there).await.unwrap();
    let store = open(between);
    write(&store, &home).await.unwrap();
    store.close();
    back(&to, &home).await.unwrap();
    assert_eq!(rows(between).await, rows(&from).await);
    assert_eq!(found(between, "roof").await, found(&from, "roof").await);
    assert_eq!(found(&to, "roof").await, found(&from, "roof").await);
    assert_eq!(rows(&to).await, rows(&from).await);
    let again = back(between, &there).await.unwrap_err().to_string();
    assert!(again.contains("there is a portal in this database already"), "{again}");
}

#[tokio::test]
async fn a_table_larger_than_an_entry_comes_back_whole() {
    let folder = folder();
    let (from, to) = (sqlite(&folder, "from.db"), sqlite(&folder, "to.db"));
    let store = furnished(&from).await;
    let filled = store.write(|tx| {
        for number in 0..400_i64 {
            let subject = format!("{number}:{}", "x".repeat(10_000));
            tx.run(
                "INSERT INTO tries (subject, window_start, count) VALUES ($1, $2, $2)",
                &[&subject, &number],
            )?;
        }
        Ok::<_, store::Error>(())
    });
    filled.await.unwrap();
    let file = folder.path().join("portal.backup");
    write(&store, &file).await.unwrap();
    store.close();
    let mut archive = tar::Archive::new(GzDecoder::new(File::open(&file).unwrap()));
    let names = archive.entries().unwrap().map(|entry| entry.unwrap().path().unwrap().display().to_string());
    let names: Vec<String> = names.filter(|name| name.starts_with("tables/tries/")).collect();
    assert_eq!(
        names,
        [
            "tables/tries/000001.jsonl",
            "tables/tries/000002.jsonl",
            "tables/tries/000003.jsonl",
            "tables/tries/000004.jsonl"
        ]
    );
    back(&to, &file).await.unwrap();
    assert_eq!(rows(&to).await, rows(&from).await);
}

#[tokio::test]
async fn a_file_that_is_there_is_never_overwritten_and_a_failure_leaves_nothing() {
    let folder = folder();
    let store = open(&sqlite(&folder, "portal.db"));
    let file = folder.path().join("kept");
    std::fs::write(&file, "mine").unwrap();
    let refused = write(&store, &file).await.unwrap_err().to_string();
    assert!(refused.contains("is there already"), "{refused}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    let nowhere = write(&store, &folder.path().join("nowhere/file")).await.unwrap_err().to_string();
    assert!(nowhere.starts_with("cannot write "), "{nowhere}");
    store.close();
    // A closed store reads on for SQLite's readers are its own; what failed above left no file behind.
    let names: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(names.iter().all(|name| name == "kept" || name.starts_with("portal.db")), "{names:?}");
}

#[tokio::test]
async fn a_portal_that_is_there_is_never_restored_over() {
    let folder = folder();
    let setting = sqlite(&folder, "portal.db");
    let store = furnished(&setting).await;
    let file = folder.path().join("portal.backup");
    write(&store, &file).await.unwrap();
    store.close();
    let before = rows(&setting).await;
    let refused = back(&setting, &file).await.unwrap_err().to_string();
    assert!(refused.contains("there is a portal in this database already"), "{refused}");
    assert_eq!(rows(&setting).await, before);
}

#[tokio::test]
async fn a_damaged_backup_is_refused_and_the_database_stays_as_it_was() {
    let folder = folder();
    let from = sqlite(&folder, "from.db");
    let store = furnished(&from).await;
    let file = folder.path().join("portal.backup");
    write(&store, &file).await.unwrap();
    store.close();
    let whole = std::fs::read(&file).unwrap();

    // A set-up link that is waiting stays good.
    let to = sqlite(&folder, "to.db");
    let store = open(&to);
    store.write(domain::sign_ins::set_up_link).await.unwrap();
    store.close();
    let before = rows(&to).await;
    assert_eq!(before.len(), 1);

    let mut broken: Vec<Vec<u8>> =
        [1, 8, 100].map(|cut| whole[..whole.len() - cut].to_vec()).into_iter().collect();
    broken.push(whole[..whole.len() / 2].to_vec());
    for place in [whole.len() / 3, whole.len() / 2, whole.len() - 5] {
        // One bit of a thousand leads to other bytes of the same value, and what is unpacked is whole.
        let flipped = (place..whole.len()).map(|place| {
            let mut flipped = whole.clone();
            flipped[place] ^= 0x10;
            flipped
        });
        broken.extend(flipped.into_iter().find(|flipped| unpacked(flipped) != unpacked(&whole)));
    }
    let damaged = folder.path().join("damaged");
    assert_eq!(broken.len(), 7);
    for bytes in broken {
        std::fs::write(&damaged, &bytes).unwrap();
        let refused = back(&to, &damaged).await.unwrap_err().to_string();
        assert!(refused.contains("is damaged") && refused.contains("nothing of it was kept"), "{refused}");
        assert_eq!(rows(&to).await, before);
    }
    back(&to, &file).await.unwrap();
    assert_eq!(rows(&to).await, rows(&from).await);
}

/// What is in a gzipped file; nothing where it is no such file, or its check sum is that of something else.
fn unpacked(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut inside = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut inside).ok().map(|_| inside)
}

fn archive_of(path: &Path, entries: &[(&str, &str)]) {
    let _ = std::fs::remove_file(path);
    let mut archive = ArchiveWriter::new(path, 0).unwrap();
    for (name, text) in entries {
        archive.entry(name, text.as_bytes()).unwrap();
    }
    archive.finish().unwrap();
}

const META: &str =
    r#"{"kind":"portal backup","format":1,"migration":1,"at":0,"tables":["workspaces","people"]}"#;

#[tokio::test]
async fn what_is_no_backup_is_refused() {
    let folder = folder();
    let to = sqlite(&folder, "to.db");
    let file = folder.path().join("file");
    for bytes in [&b""[..], b"hello", &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3], &[0; 2000]] {
        std::fs::write(&file, bytes).unwrap();
        let refused = back(&to, &file).await.unwrap_err().to_string();
        assert!(refused.contains("is no backup of a portal"), "{refused}");
    }
    let missing = back(&to, &folder.path().join("missing")).await.unwrap_err().to_string();
    assert!(missing.starts_with("cannot read "), "{missing}");
    for (entries, why) in [
        (vec![("readme.txt", "hello")], "is no backup"),
        (vec![("meta.json", "{}")], "is no backup"),
        (vec![("meta.json", &*META.replace("portal backup", "another"))], "is no backup"),
        (
            vec![("meta.json", &*META.replace("\"format\":1", "\"format\":2"))],
            "install the version that made it",
        ),
        (vec![("meta.json", &*META.replace("\"migration\":1", "\"migration\":999"))], "newer version"),
        (
            vec![("meta.json", &*META.replace("\"people\"", "\"sqlite_schema\""))],
            "its tables are not those of a portal",
        ),
        (vec![("meta.json", META)], "it is cut off"),
        (vec![("meta.json", META), ("end.json", r#"{"rows":{"workspaces":1,"people":0}}"#)], "it is cut off"),
        (vec![("meta.json", META), ("tables/keys/000001.jsonl", "")], "is not expected there"),
        (
            vec![("meta.json", META), ("tables/people/000001.jsonl", "[\"id\"]\n")],
            "its columns are not those",
        ),
        (vec![("meta.json", META), ("tables/people/000001.jsonl", "nonsense")], "does not name its columns"),
    ] {
        archive_of(&file, &entries);
        let refused = back(&to, &file).await.unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
    }
    if let Setting::Sqlite(path) = &to {
        assert!(!path.exists() || rows(&to).await.is_empty());
    }
}

#[tokio::test]
async fn rows_of_the_wrong_form_are_refused() {
    let folder = folder();
    let to = sqlite(&folder, "to.db");
    let file = folder.path().join("file");
    let head = r#"["id","host","brand_name","default_channel","created_at","updated_at"]"#;
    for (row, why) in [
        ("nonsense", "row 1 cannot be read"),
        ("[1]", "row 1 has too few"),
        (r#"[null,null,"x","client",1,1,1]"#, "row 1 has too few or too many"),
        (r#"[{"hex":"0x"},null,"x","client",1,1]"#, "row 1 cannot be read"),
        (r#"[{"hex":"00"},null,null,"client",1,1]"#, "refused a statement"),
    ] {
        let entry = format!("{head}\n{row}\n");
        archive_of(&file, &[("meta.json", META), ("tables/workspaces/000001.jsonl", &entry)]);
        let refused = back(&to, &file).await.unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
    }
}

#[tokio::test]
async fn an_older_versions_backup_is_brought_up_to_date() {
    let folder = folder();
    let file = folder.path().join("file");
    let head = r#"["id","host","brand_name","default_channel","created_at","updated_at"]"#;
    let row = r#"[{"hex":"00112233445566778899aabbccddeeff"},null,"Harbor & Lee","client",1,1]"#;
    archive_of(
        &file,
        &[
            ("meta.json", META),
            ("tables/workspaces/000001.jsonl", &format!("{head}\n{row}\n")),
            ("end.json", r#"{"rows":{"workspaces":1,"people":0}}"#),
        ],
    );
    let to = sqlite(&folder, "to.db");
    assert_eq!(back(&to, &file).await.unwrap(), 1);
    let store = open(&to);
    let newest =
        store.read(|reader| reader.one("SELECT max(number) FROM migrations", &[], |row| row.get::<i64>(0)));
    assert_eq!(newest.await.unwrap(), domain::MIGRATIONS.last().unwrap().number);
    let found = store.read(|reader| domain::workspaces::by_host(reader, "any")).await.unwrap();
    assert_eq!(found.unwrap().brand_name, "Harbor & Lee");
    store.close();

    let newer = sqlite(&folder, "newer.db");
    open(&newer).close();
    let refused = back(&newer, &file).await.unwrap_err().to_string();
    assert!(refused.contains("older version"), "{refused}");
}

#[tokio::test]
async fn a_backup_is_for_its_owner_and_readable_with_common_tools() {
    let folder = folder();
    let store = furnished(&sqlite(&folder, "portal.db")).await;
    let file = folder.path().join("portal.backup");
    write(&store, &file).await.unwrap();
    store.close();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let mut archive = tar::Archive::new(GzDecoder::new(File::open(&file).unwrap()));
    let mut first = archive.entries().unwrap().next().unwrap().unwrap();
    let mut text = String::new();
    first.read_to_string(&mut text).unwrap();
    let meta: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(meta["kind"], "portal backup");
    assert_eq!(meta["tables"].as_array().unwrap().len(), TABLES.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bytes_of_files_come_back_and_small_versions_are_made_anew() {
    let folder = folder();
    let (from, to) = (sqlite(&folder, "from.db"), sqlite(&folder, "to.db"));
    let blobs = Arc::new(Blobs::Memory(Memory::default()));
    let store = furnished(&from).await;
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|number| (number >> 5) as u8).collect();
    let name = filed(&store, &blobs, &bytes).await;
    let file = folder.path().join("portal.backup");
    let (_, count) = writer::write(&store, &blobs, &file).await.unwrap();
    assert_eq!(count, BlobCount { written: 1, missing: 0 });

    let memory = Memory::default();
    let there = Arc::new(Blobs::Memory(memory.clone()));
    let (_, files) = restore::into(&to, &there, &file, &restore::meta(&file).unwrap()).await.unwrap();
    assert_eq!(files, 1);
    let reading = there.read(name, Form::Whole, 0..3_000_000).await.unwrap();
    assert!(reading.all().await.unwrap() == bytes);
    assert_eq!((memory.staged(), memory.placed()), (0, 1));

    // Into the same database again: refused, and its files are left as they are.
    assert!(restore::into(&to, &there, &file, &restore::meta(&file).unwrap()).await.is_err());
    assert_eq!(memory.placed(), 1);

    // What is missing from the store keeps nothing else from being saved.
    blobs.remove(name).await.unwrap();
    let without = folder.path().join("without");
    let (_, count) = writer::write(&store, &blobs, &without).await.unwrap();
    store.close();
    assert_eq!(count, BlobCount { written: 0, missing: 1 });
    back(&sqlite(&folder, "without.db"), &without).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_cut_off_leaves_no_files_behind() {
    let folder = folder();
    let store = furnished(&sqlite(&folder, "from.db")).await;
    let blobs = Arc::new(Blobs::Memory(Memory::default()));
    filed(&store, &blobs, &vec![7; 100_000]).await;
    let file = folder.path().join("portal.backup");
    writer::write(&store, &blobs, &file).await.unwrap();
    store.close();
    let whole = std::fs::read(&file).unwrap();
    let memory = Memory::default();
    let there = Arc::new(Blobs::Memory(memory.clone()));
    for cut in [1, 30, 200, whole.len() / 2] {
        std::fs::write(&file, &whole[..whole.len() - cut]).unwrap();
        let to = sqlite(&folder, &format!("to-{cut}.db"));
        let refused = restore::into(&to, &there, &file, &restore::meta(&file).unwrap()).await;
        assert!(refused.unwrap_err().to_string().contains("is damaged"), "{cut}");
        assert_eq!((memory.staged(), memory.placed()), (0, 0), "{cut}");
    }
}

/// Puts a file into the first channel of a portal.
async fn filed(store: &Store, blobs: &Arc<Blobs>, bytes: &[u8]) -> Name {
    use domain::uploads::{self, NewUpload, Purpose, Room};
    let room = Room { file_max: 1 << 30, workspace_max: 1 << 40 };
    let (actor, upload) = store
        .write(move |tx| {
            let workspace = domain::workspaces::all(tx)?.remove(0).id;
            let maya = domain::people::by_email(tx, workspace, "maya@northwind.example")?.unwrap().id;
            let actor = domain::people::actor(tx, workspace, maya)?.unwrap();
            let channel = domain::channels::ids_of(tx, &actor)?[0];
            let new =
                NewUpload { channel, purpose: Purpose::Folder(None), name: "a.bin".to_string(), size: None };
            Ok::<_, domain::Error>((actor, uploads::begin(tx, &actor, &new, &room)?))
        })
        .await
        .unwrap();
    let mut receiving = blobs.receive(upload.id.0, 0).await.unwrap();
    receiving.write(::bytes::Bytes::copy_from_slice(bytes)).await.unwrap();
    receiving.sync().await.unwrap();
    let id = domain::ids::BlobId::new(store.clock().now());
    let name = Name { workspace: actor.workspace.0, id: id.0 };
    let placed = blobs.place(upload.id.0, bytes.len() as u64, name).await.unwrap();
    let arrived = domain::blobs::Arrived {
        id,
        hash: placed.hash,
        size: bytes.len() as i64,
        content_type: "application/octet-stream".to_string(),
        dimensions: None,
        is_unchecked: false,
    };
    store.write(move |tx| uploads::complete(tx, &actor, upload.id, &arrived, &room)).await.unwrap();
    name
}
