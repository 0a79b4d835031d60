//! What is restored is what was backed up.

use domain::tenant::workspaces;
use std::fs::File;
use std::io::Read;

use flate2::read::GzDecoder;
#[cfg(feature = "cluster")]
use testing::Database;

use super::support::*;
use crate::backup::TABLES;

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
    let found = store.read(|reader| workspaces::by_host(reader, "any")).await.unwrap();
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
