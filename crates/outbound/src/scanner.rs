//! The virus scanner: ClamAV's `clamd`, over TCP or a Unix socket, with its command INSTREAM; or memory for tests. The caller
//! decides whether files wait for it.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use crate::blobs::{BlobError, Reading};

/// How long a connection or one step of the conversation may take.
const STEP_WITHIN: Duration = Duration::from_secs(60);
/// Time limit for scanning one file.
const ANSWER_WITHIN: Duration = Duration::from_secs(600);
/// Maximum bytes of an answer: a line with the name of the finding.
const ANSWER_BYTES: u64 = 4_096;
/// Maximum characters kept of a finding's name.
const NAME_CHARACTERS: usize = 120;

/// A scanner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scanner {
    /// `clamd` at a host and port.
    Tcp(String),
    /// `clamd` at a Unix socket.
    Socket(PathBuf),
    /// Finds these bytes and nothing else, for tests.
    Memory(Vec<u8>),
}

/// What a scanner found in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Nothing.
    Clean,
    /// Malware, with the scanner's name for it.
    Harmful(String),
    /// The file exceeds the scanner's size limit.
    TooLarge,
}

/// Why a file could not be scanned.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// Worth another try.
    #[error("the scanner cannot be asked: {0}")]
    Scanner(String),
    /// Its bytes cannot be read.
    #[error(transparent)]
    Bytes(#[from] BlobError),
}

/// An invalid scanner setting.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("given was `{given}`; expected is clamd://HOST:PORT or clamd:/PATH/OF/SOCKET")]
pub struct SettingError {
    /// What was given.
    pub given: String,
}

fn failed(error: impl fmt::Display) -> ScanError {
    ScanError::Scanner(error.to_string())
}

impl Scanner {
    /// The scanner that a setting names.
    pub fn from_setting(text: &str) -> Result<Scanner, SettingError> {
        let refused = || SettingError { given: text.to_string() };
        if let Some(place) = text.strip_prefix("clamd://") {
            let (host, port) = place.rsplit_once(':').ok_or_else(refused)?;
            let is_port = port.parse::<u16>().is_ok_and(|port| port > 0);
            return if host.is_empty() || !is_port {
                Err(refused())
            } else {
                Ok(Scanner::Tcp(place.to_string()))
            };
        }
        match text.strip_prefix("clamd:").filter(|path| path.starts_with('/') && !path.contains('\0')) {
            Some(path) => Ok(Scanner::Socket(PathBuf::from(path))),
            None => Err(refused()),
        }
    }

    /// Scans a file.
    pub async fn scan(&self, mut file: Reading) -> Result<Finding, ScanError> {
        let mut place = match self {
            Scanner::Memory(harmful) => {
                let bytes = file.all().await?;
                let is_found = bytes.windows(harmful.len()).any(|window| window == harmful);
                return Ok(if is_found { Finding::Harmful("Test".to_string()) } else { Finding::Clean });
            }
            _ => self.connect().await?,
        };
        step(place.write_all(b"zINSTREAM\0")).await?;
        while let Some(bytes) = file.next().await? {
            let length = u32::try_from(bytes.len()).map_err(failed)?.to_be_bytes();
            let sent = async {
                place.write_all(&length).await?;
                place.write_all(&bytes).await
            };
            // Over its size limit the scanner answers and closes the connection.
            if step(sent).await.is_err() {
                break;
            }
        }
        let _ = step(place.write_all(&[0; 4])).await;
        finding(&answer(&mut place, ANSWER_WITHIN).await?)
    }

    /// Checks that the scanner answers. Returns a sentence for the user.
    pub async fn check(&self) -> Result<String, ScanError> {
        if let Scanner::Memory(_) = self {
            return Ok("files are looked at in memory".to_string());
        }
        let mut place = self.connect().await?;
        step(place.write_all(b"zPING\0")).await?;
        match answer(&mut place, STEP_WITHIN).await?.as_str() {
            "PONG" => Ok(format!("{self} answers")),
            other => Err(failed(format!("{self} answers {other:?}"))),
        }
    }

    async fn connect(&self) -> Result<Box<dyn Conversation>, ScanError> {
        match self {
            Scanner::Tcp(place) => Ok(Box::new(step(TcpStream::connect(place)).await?)),
            Scanner::Socket(path) => Ok(Box::new(step(UnixStream::connect(path)).await?)),
            Scanner::Memory(_) => Err(failed("memory has no connection")),
        }
    }
}

impl fmt::Display for Scanner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scanner::Tcp(place) => write!(formatter, "clamd://{place}"),
            Scanner::Socket(path) => write!(formatter, "clamd:{}", path.display()),
            Scanner::Memory(_) => formatter.write_str("memory"),
        }
    }
}

trait Conversation: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Conversation for T {}

async fn step<T>(work: impl Future<Output = std::io::Result<T>>) -> Result<T, ScanError> {
    timeout(STEP_WITHIN, work).await.map_err(failed)?.map_err(failed)
}

/// One answer: a line that ends with a zero byte.
async fn answer(place: &mut Box<dyn Conversation>, within: Duration) -> Result<String, ScanError> {
    let mut bytes = Vec::new();
    let mut said = place.take(ANSWER_BYTES);
    timeout(within, said.read_to_end(&mut bytes)).await.map_err(failed)?.map_err(failed)?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.trim_end_matches(['\0', '\n']).to_string())
}

fn finding(answer: &str) -> Result<Finding, ScanError> {
    if answer.contains("size limit exceeded") {
        return Ok(Finding::TooLarge);
    }
    let said = answer.strip_prefix("stream: ").unwrap_or(answer);
    if said == "OK" {
        return Ok(Finding::Clean);
    }
    match said.strip_suffix(" FOUND") {
        Some(name) => {
            let plain = name.chars().filter(|character| !character.is_control());
            Ok(Finding::Harmful(plain.take(NAME_CHARACTERS).collect()))
        }
        None => Err(failed(format!("it answers {said:?}"))),
    }
}
