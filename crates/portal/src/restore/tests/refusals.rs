//! What is refused leaves everything as it is.

use domain::administration::set_up;
use std::io::Read;

use flate2::read::GzDecoder;
use store::Setting;

use super::support::*;

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
    // A closed store reads on for SQLite's readers are its own; the failure above left no file behind.
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

    // An unused set-up link stays valid.
    let to = sqlite(&folder, "to.db");
    let store = open(&to);
    store.write(set_up::set_up_link).await.unwrap();
    store.close();
    let before = rows(&to).await;
    assert_eq!(before.len(), 1);

    let mut broken: Vec<Vec<u8>> =
        [1, 8, 100].map(|cut| whole[..whole.len() - cut].to_vec()).into_iter().collect();
    broken.push(whole[..whole.len() / 2].to_vec());
    for place in [whole.len() / 3, whole.len() / 2, whole.len() - 5] {
        // One flipped bit in a thousand is harmless: what is unpacked is the same.
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

/// The contents of a gzipped file; `None` if it is none, or its checksum is wrong.
fn unpacked(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut inside = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut inside).ok().map(|_| inside)
}

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
