//! Files: how fast 1 GiB is uploaded and downloaded, and how much memory that takes, compared with a plain copy through a
//! socket to the same disk in the same run; and whether a full folder is listed as fast as a nearly empty one.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use domain::files::listing;
use domain::kernel::ids::ChannelId;
use store::{Reader, Store};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::error::Result;
use crate::fixtures::{Office, furnish};
use crate::load::{median, resident, start};
use crate::report::{self, Figure};
use crate::server;

/// Bytes of the large file.
const LARGE: u64 = 1 << 30;
/// Copies of each kind, alternating; the median counts.
const ROUNDS: usize = 3;
/// Bytes that both sides of a plain copy write and read at once.
const PIECE: usize = 256 * 1024;
/// Files in the two folders.
const FEW: usize = 10;
const MANY: usize = 10_000;
/// How often each is listed.
const LISTINGS: usize = 400;

/// The other side of a plain copy: receives a file, or sends the last one. Each file is new, like that of an upload, because
/// overwriting an older file is much faster. Blocking I/O, without a runtime between socket and disk.
pub(crate) fn copy(folder: &str) -> Result<()> {
    std::fs::create_dir(folder)?;
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?);
    let mut piece = vec![0; PIECE];
    let mut files = 0;
    let file = |number: usize| Path::new(folder).join(number.to_string());
    loop {
        let (mut stream, _) = listener.accept()?;
        let mut command = [0];
        stream.read_exact(&mut command)?;
        if command == *b"<" {
            files += 1;
            let mut to = File::create(file(files))?;
            pass(&mut stream, &mut to, &mut piece)?;
            to.sync_all()?;
            stream.write_all(b".")?;
        } else {
            pass(&mut File::open(file(files))?, &mut stream, &mut piece)?;
        }
    }
}

fn pass(from: &mut impl Read, to: &mut impl Write, piece: &mut [u8]) -> Result<()> {
    loop {
        match from.read(piece)? {
            0 => return Ok(()),
            count => to.write_all(&piece[..count])?,
        }
    }
}

/// Sends the large file.
async fn send_large(stream: &mut TcpStream) -> Result<()> {
    // Not zeros, which may cost less.
    let piece: Vec<u8> = (0..PIECE).map(|place| (place.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let mut left = LARGE;
    while left > 0 {
        let count = left.min(PIECE as u64);
        stream.write_all(&piece[..usize::try_from(count)?]).await?;
        left -= count;
    }
    Ok(())
}

/// Reads and discards.
async fn drain(stream: &mut TcpStream, mut left: u64) -> Result<()> {
    let mut piece = vec![0; PIECE];
    while left > 0 {
        match stream.read(&mut piece).await? as u64 {
            0 => return Err("the answer broke off".into()),
            count => left = left.saturating_sub(count),
        }
    }
    Ok(())
}

/// The head of a successful answer, read byte by byte so that nothing of the body is consumed.
async fn head(stream: &mut TcpStream) -> Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8(head)?;
    match head.get(9..10) {
        Some("2") => Ok(head),
        _ => Err(format!("refused: {head}").into()),
    }
}

fn header<'a>(head: &'a str, name: &str) -> Result<&'a str> {
    let found = head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    found.ok_or_else(|| format!("no {name} in {head}").into())
}

/// Uploads and downloads files of a channel.
struct Visitor<'a> {
    address: &'a str,
    cookie: &'a str,
    channel: ChannelId,
}

impl Visitor<'_> {
    async fn request(&self, method: &str, path: &str, headers: &str) -> Result<TcpStream> {
        let mut stream = TcpStream::connect(self.address).await?;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\ncookie: {}\r\nsec-fetch-site: same-origin\r\n{headers}\r\n",
            self.address, self.cookie
        );
        stream.write_all(request.as_bytes()).await?;
        Ok(stream)
    }

    /// Uploads the large file by the tus protocol; returns its id.
    async fn upload(&self) -> Result<String> {
        use base64::Engine as _;
        let encoded = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
        let metadata = format!(
            "channel {},filename {},folder",
            encoded(&self.channel.to_string()),
            encoded("large.bin")
        );
        let headers = format!(
            "tus-resumable: 1.0.0\r\nupload-length: {LARGE}\r\nupload-metadata: {metadata}\r\ncontent-length: 0\r\n"
        );
        let announced = head(&mut self.request("POST", "/uploads", &headers).await?).await?;
        let headers = format!(
            "tus-resumable: 1.0.0\r\nupload-offset: 0\r\ncontent-type: application/offset+octet-stream\r\ncontent-length: {LARGE}\r\n"
        );
        let mut stream = self.request("PATCH", header(&announced, "location")?, &headers).await?;
        send_large(&mut stream).await?;
        Ok(header(&head(&mut stream).await?, "portal-file")?.to_string())
    }

    async fn download(&self, file: &str) -> Result<()> {
        let path = format!("/files/{}/{file}/content", self.channel);
        let mut stream = self.request("GET", &path, "").await?;
        head(&mut stream).await?;
        drain(&mut stream, LARGE).await
    }
}

/// The seconds that something takes, and its result.
async fn timed<T>(work: impl Future<Output = Result<T>>) -> Result<(f64, T)> {
    let started = Instant::now();
    let done = work.await?;
    Ok((started.elapsed().as_secs_f64(), done))
}

/// Uploads and downloads 1 GiB, alternating with a plain copy.
pub(crate) async fn transfers(
    portal: &Path,
    folder: &Path,
    office: &Office,
    channel: ChannelId,
) -> Result<Vec<Figure>> {
    eprintln!("bringing files of 1 GiB in and out …");
    let data = folder.display().to_string();
    let (mut program, address) =
        start(portal, &["serve", "--data", &data, "--listen", "127.0.0.1:0", "--upload-limit", "2GiB"])
            .await?;
    let copies: PathBuf = folder.join("plain");
    let (mut plain, plain_address) =
        start(&std::env::current_exe()?, &["copy", &copies.display().to_string()]).await?;
    let visitor = Visitor { address: &address, cookie: &office.cookie, channel };
    visitor.request("GET", "/profile", "").await?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let process = program.id().ok_or("the program ended")?;
    let idle = resident(process)?;

    let mut times: [Vec<f64>; 4] = Default::default();
    let mut most = [0; 2];
    for _ in 0..ROUNDS {
        times[0].push(timed(plain_upload(&plain_address)).await?.0);
        let (time, (held, file)) = timed(watched(process, visitor.upload())).await?;
        times[1].push(time);
        most[0] = most[0].max(held);
        times[2].push(timed(plain_download(&plain_address)).await?.0);
        let (time, (held, ())) = timed(watched(process, visitor.download(&file))).await?;
        times[3].push(time);
        most[1] = most[1].max(held);
    }
    plain.kill().await?;
    program.kill().await?;
    std::fs::remove_dir_all(&copies)?;
    std::fs::remove_dir_all(folder.join("blobs"))?;

    let [plain_in, file_in, plain_out, file_out] = times.map(|times| LARGE as f64 / 1e6 / median(times));
    let held = most.map(|most| most.saturating_sub(idle) as f64 / 1024.0 / 1024.0);
    let speed = |what, measured: f64, plain: f64| Figure {
        what,
        measured: format!("{measured:.0} MB/s"),
        beside: format!("{plain:.0} MB/s by a plain copy"),
        wanted: "at least 60 %",
        reached: measured >= 0.6 * plain,
    };
    let memory = |what, held: f64| Figure {
        what,
        measured: format!("{held:.1} MiB"),
        beside: String::new(),
        wanted: "under 64 MiB",
        reached: held < 64.0,
    };
    Ok(vec![
        speed("A file of 1 GiB uploaded, on disk before its answer", file_in, plain_in),
        memory("Memory above idle while it is uploaded", held[0]),
        speed("A file of 1 GiB downloaded", file_out, plain_out),
        memory("Memory above idle while it is downloaded", held[1]),
    ])
}

/// The peak memory of a process in bytes while something runs, and its result.
async fn watched<T>(process: u32, work: impl Future<Output = Result<T>>) -> Result<(usize, T)> {
    tokio::pin!(work);
    let mut most = 0;
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    loop {
        tokio::select! {
            done = &mut work => return Ok((most.max(resident(process)?), done?)),
            _ = ticks.tick() => most = most.max(resident(process)?),
        }
    }
}

async fn plain_upload(address: &str) -> Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_u8(b'<').await?;
    send_large(&mut stream).await?;
    stream.shutdown().await?;
    stream.read_u8().await?;
    Ok(())
}

async fn plain_download(address: &str) -> Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_u8(b'>').await?;
    drain(&mut stream, LARGE).await
}

/// Lists as many entries of a folder of few and of one of many files: the query behind a page, without the page.
pub(crate) async fn folders(store: &Store, office: &Office, channels: [ChannelId; 2]) -> Result<Figure> {
    eprintln!("looking into folders …");
    let jane = office.jane;
    let mut times: [Vec<f64>; 2] = Default::default();
    // Alternating, so that whatever else the machine does affects both.
    for _ in 0..LISTINGS {
        for (channel, times) in channels.into_iter().zip(&mut times) {
            let started = Instant::now();
            let list =
                move |reader: &Reader| listing::in_folder(reader, &jane, channel, None, None, FEW as i64);
            if store.read(list).await?.len() != FEW {
                return Err("a folder lists too little".into());
            }
            times.push(started.elapsed().as_secs_f64() * 1e6);
        }
    }
    let [few, many] = times.map(median);
    Ok(Figure {
        what: "The first 10 entries of a folder of 10,000 files",
        measured: format!("{many:.0} µs"),
        beside: format!("{few:.0} µs of a folder of 10"),
        wanted: "within 20 %",
        reached: many <= few * 1.2,
    })
}

/// Measures only files and prints the figures.
pub(crate) async fn alone(portal: &Path) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let store = server::open(folder.path())?;
    let mut office = furnish(&store, 0).await?;
    let channel = office.channel(&store, 100).await?;
    let channels = fill(&store, &mut office).await?;
    let mut figures = vec![folders(&store, &office, channels).await?];
    store.close();
    figures.extend(transfers(portal, folder.path(), &office, channel).await?);
    print!("{}", report::table(&figures));
    Ok(())
}

/// Two channels with few and with many files.
pub(crate) async fn fill(store: &Store, office: &mut Office) -> Result<[ChannelId; 2]> {
    let channels = [office.channel(store, 0).await?, office.channel(store, 0).await?];
    for (channel, count) in channels.into_iter().zip([FEW, MANY]) {
        office.files(store, channel, count).await?;
    }
    Ok(channels)
}
