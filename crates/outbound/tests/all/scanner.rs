//! Talking to clamd: the bytes as it wants them, its answers as it gives them, over TCP and over a socket.

use bytes::Bytes;
use outbound::blobs::{Blobs, Form, Memory, Name, Reading};
use outbound::scanner::{Finding, Scanner};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UnixListener};
use uuid::Uuid;

async fn file(bytes: &[u8]) -> Reading {
    let blobs = Blobs::Memory(Memory::default());
    let (upload, name) = (Uuid::now_v7(), Name { workspace: Uuid::now_v7(), id: Uuid::now_v7() });
    let mut receiving = blobs.receive(upload, 0).await.unwrap();
    receiving.write(Bytes::copy_from_slice(bytes)).await.unwrap();
    receiving.sync().await.unwrap();
    blobs.place(upload, bytes.len() as u64, name).await.unwrap();
    blobs.read(name, Form::Whole, 0..bytes.len() as u64).await.unwrap()
}

/// Plays clamd once: reads a command and its bytes, as clamd(8) says, and answers.
async fn play(mut place: impl AsyncRead + AsyncWrite + Unpin, answer: &[u8]) -> (String, Vec<u8>) {
    let mut command = Vec::new();
    loop {
        match place.read_u8().await.unwrap() {
            0 => break,
            byte => command.push(byte),
        }
    }
    let mut bytes = Vec::new();
    if command == b"zINSTREAM" {
        loop {
            let length = place.read_u32().await.unwrap();
            if length == 0 {
                break;
            }
            let mut chunk = vec![0; length as usize];
            place.read_exact(&mut chunk).await.unwrap();
            bytes.extend(chunk);
        }
    }
    place.write_all(answer).await.unwrap();
    (String::from_utf8(command).unwrap(), bytes)
}

async fn asked(answer: &'static [u8], bytes: &[u8]) -> (Result<Finding, String>, Vec<u8>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let scanner = Scanner::from_setting(&format!("clamd://{}", listener.local_addr().unwrap())).unwrap();
    let playing = tokio::spawn(async move { play(listener.accept().await.unwrap().0, answer).await });
    let found = scanner.scan(file(bytes).await).await.map_err(|error| error.to_string());
    (found, playing.await.unwrap().1)
}

#[tokio::test]
async fn f4_what_clamd_says_is_understood_and_it_gets_all_bytes() {
    let bytes: Vec<u8> = (0..300_000).map(|number| number as u8).collect();
    let (found, came) = asked(b"stream: OK\0", &bytes).await;
    assert_eq!((found, came), (Ok(Finding::Clean), bytes));
    let (found, _) = asked(b"stream: Eicar-Test-Signature FOUND\0", b"x").await;
    assert_eq!(found, Ok(Finding::Harmful("Eicar-Test-Signature".to_string())));
    let (found, _) = asked(b"INSTREAM size limit exceeded. ERROR\0", b"x").await;
    assert_eq!(found, Ok(Finding::TooLarge));
    let (found, _) = asked(b"stream: OK\0", b"").await;
    assert_eq!(found, Ok(Finding::Clean), "an empty file");
}

#[tokio::test]
async fn f4_an_answer_that_says_nothing_is_not_taken_for_a_good_one() {
    for answer in [&b""[..], b"\0", b"stream: \0", b"stream: something ERROR\0", b"OK then\0"] {
        let (found, _) = asked(answer, b"x").await;
        assert!(found.is_err(), "{answer:?}: {found:?}");
    }
}

#[tokio::test]
async fn f4_a_socket_of_the_machine_does_too_and_can_be_asked_whether_it_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clamd.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let scanner = Scanner::from_setting(&format!("clamd:{}", path.display())).unwrap();
    let playing = tokio::spawn(async move {
        play(listener.accept().await.unwrap().0, b"PONG\0").await;
        play(listener.accept().await.unwrap().0, b"stream: OK\0").await;
    });
    assert!(scanner.check().await.unwrap().contains("answers"));
    assert_eq!(scanner.scan(file(b"x").await).await.unwrap(), Finding::Clean);
    playing.await.unwrap();
    assert!(scanner.check().await.is_err(), "nobody listens any more");
}

#[test]
fn a_place_that_is_none_is_refused() {
    for wrong in
        ["", "clamd", "clamd:", "clamd:relative", "clamd://", "clamd://host", "clamd://host:0", "clamd://:1"]
    {
        assert!(Scanner::from_setting(wrong).is_err(), "{wrong}");
    }
    assert!(Scanner::from_setting("clamd://127.0.0.1:3310").is_ok());
}
