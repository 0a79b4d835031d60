//! The rows in an entry of a backup.

use std::io::{self, BufRead, BufReader, Lines, Read};

use sha2::{Digest, Sha256};

use crate::backup::Cell;

/// Rows that are read one by one. Errors say what is wrong.
pub(super) struct Rows<R> {
    lines: Lines<BufReader<R>>,
    width: usize,
    count: u64,
}

impl<R: Read> Rows<R> {
    /// The names of the columns, and the rows.
    pub(super) fn open(entry: R) -> Result<(Vec<String>, Rows<R>), String> {
        let mut lines = BufReader::new(entry).lines();
        let head = lines.next().transpose().map_err(|error| error.to_string())?.unwrap_or_default();
        let columns: Vec<String> =
            serde_json::from_str(&head).map_err(|_| "it does not name its columns".to_string())?;
        let width = columns.len();
        Ok((columns, Rows { lines, width, count: 0 }))
    }

    fn read(&self, line: io::Result<String>) -> Result<Vec<Cell>, String> {
        let line = line.map_err(|error| error.to_string())?;
        let cells: Vec<Cell> =
            serde_json::from_str(&line).map_err(|_| format!("row {} cannot be read", self.count))?;
        if cells.len() != self.width {
            return Err(format!("row {} has too few or too many values", self.count));
        }
        Ok(cells)
    }
}

impl<R: Read> Iterator for Rows<R> {
    type Item = Result<Vec<Cell>, String>;

    fn next(&mut self) -> Option<Result<Vec<Cell>, String>> {
        let line = self.lines.next()?;
        self.count += 1;
        Some(self.read(line))
    }
}

/// Hashes what is read through it.
pub(super) struct Hashed<'a, R> {
    pub(super) inner: R,
    pub(super) hash: &'a mut Sha256,
}

impl<R: Read> Read for Hashed<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hash.update(&buffer[..count]);
        Ok(count)
    }
}
