//! Downloads: tables as CSV (RFC 4180) that spreadsheet programs open, and bodies that are streamed while they are
//! written, so that they need not fit into memory.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::kernel::error;
use http_body::Frame;
use store::{Reader, Store};
use tokio::sync::mpsc;

/// Pieces buffered for a slow reader; the writer waits beyond that.
const PIECES_WAITING: usize = 4;
/// Spreadsheet programs recognize UTF-8 only by this byte order mark.
const MARK: &str = "\u{feff}";

/// A line of CSV. User input is escaped so that it is never read as a formula.
pub(crate) fn line<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let mut line = String::new();
    for cell in cells {
        if !line.is_empty() {
            line.push(',');
        }
        line.push_str(&quoted(cell));
    }
    line + "\r\n"
}

/// A quoted cell. If spreadsheet programs would read its beginning as a formula, an apostrophe precedes it.
fn quoted(text: &str) -> String {
    let is_formula = text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
        || text.starts_with(['\t', '\r', '\n']);
    // A + and digits, as telephone numbers are stored, is a number to spreadsheet programs, never a formula.
    let is_number = text.strip_prefix('+').is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
    let mark = if is_formula && !is_number { "'" } else { "" };
    format!("\"{mark}{}\"", text.replace('"', "\"\""))
}

/// The header line.
pub(crate) fn head(columns: &[&str]) -> String {
    format!("{MARK}{}\r\n", columns.join(","))
}

/// The sending end of a streamed body.
pub(crate) struct Pieces(mpsc::Sender<io::Result<Bytes>>);

impl Pieces {
    /// Waits for room. Returns false if the reader is gone.
    pub(crate) async fn send(&self, piece: impl Into<Bytes>) -> bool {
        self.0.send(Ok(piece.into())).await.is_ok()
    }

    /// Aborts the body, so that the reader knows it is incomplete. Does nothing if the reader is gone.
    pub(crate) async fn break_off(&self, cause: &(dyn std::error::Error + Sync)) {
        if self.0.is_closed() {
            return;
        }
        tracing::error!(error = %cause, "an export broke off");
        // An error means that the reader is gone.
        let _ = self.0.send(Err(io::Error::other("the export broke off"))).await;
    }
}

/// Streams a table, newest row first. `read` returns the rows before a given row, or the newest ones for `None`.
pub(crate) fn newest_first<T: Clone + Send + 'static>(
    store: Store,
    name: &str,
    columns: &[&str],
    read: impl Fn(&Reader, Option<&T>) -> error::Result<Vec<T>> + Clone + Send + 'static,
    line: impl Fn(&T) -> String + Send + 'static,
) -> Response {
    let (pieces, body) = body();
    let mut piece = head(columns);
    tokio::spawn(async move {
        let mut last = None;
        loop {
            let read = read.clone();
            let mut found = match store.read_long(move |reader| read(reader, last.as_ref())).await {
                Ok(found) => found,
                Err(error) => return pieces.break_off(&error).await,
            };
            piece.extend(found.iter().map(&line));
            if !pieces.send(std::mem::take(&mut piece)).await || found.is_empty() {
                return;
            }
            last = found.pop();
        }
    });
    table(name, body)
}

/// A streamed body with its sending end. The body ends when that is dropped.
pub(crate) fn body() -> (Pieces, Body) {
    let (sender, receiver) = mpsc::channel(PIECES_WAITING);
    (Pieces(sender), Body::new(Written(receiver)))
}

struct Written(mpsc::Receiver<io::Result<Bytes>>);

impl http_body::Body for Written {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}

/// A download. Pass names of user input through [`file_name`] first.
pub(crate) fn file(kind: &'static str, name: &str, body: impl Into<Body>) -> Response {
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{}\"", file_name(name)))
        .unwrap_or_else(|_| HeaderValue::from_static("attachment"));
    let headers = [(CONTENT_TYPE, HeaderValue::from_static(kind)), (CONTENT_DISPOSITION, disposition)];
    (headers, body.into()).into_response()
}

pub(crate) fn table(name: &str, body: impl Into<Body>) -> Response {
    file("text/csv; charset=utf-8", name, body)
}

/// A name that is safe on every system: letters, digits and a few signs, limited in length.
pub(crate) fn file_name(text: &str) -> String {
    let safe = |sign: char| if sign.is_ascii_alphanumeric() || ".-_ ".contains(sign) { sign } else { '-' };
    let name: String = text.chars().map(safe).take(80).collect();
    let name = name.trim_matches([' ', '.', '-']).to_string();
    if name.is_empty() { "export".to_string() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n9_a_cell_is_text_whatever_people_typed() {
        for (typed, cell) in [
            ("Jane \"JJ\" Lee, Dr", "\"Jane \"\"JJ\"\" Lee, Dr\""),
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            (" @sum", "\"' @sum\""),
            ("-1+2", "\"'-1+2\""),
            ("\t=1", "\"'\t=1\""),
            ("＝1+1", "\"'＝1+1\""),
            ("+442079460018", "\"+442079460018\""),
            ("+44+cmd|' /C calc'!A0", "\"'+44+cmd|' /C calc'!A0\""),
            ("a\r\nb", "\"a\r\nb\""),
            ("", "\"\""),
        ] {
            assert_eq!(quoted(typed), cell, "{typed:?}");
        }
        assert_eq!(line(["a", "=b"]), "\"a\",\"'=b\"\r\n");
    }

    #[test]
    fn a_file_has_a_name_that_every_system_takes() {
        for (text, name) in [
            ("Maria Santos.zip", "Maria Santos.zip"),
            ("../../etc/passwd", "etc-passwd"),
            ("a\"b\r\nc", "a-b--c"),
            ("…", "export"),
        ] {
            assert_eq!(file_name(text), name);
        }
    }
}
