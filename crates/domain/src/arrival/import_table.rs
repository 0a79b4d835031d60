//! Reads an imported table, whatever program wrote it (S15). Encoding and separator are detected from the bytes, columns
//! by their names; cells are text, never formulas. Pure: bytes in, lines out.

use crate::kernel::columns::columns;
use crate::kernel::error::{Error, Problem, Result};

/// Maximum size in bytes: [`LINES_MAX`] lines with long names.
pub const BYTES_MAX: usize = 5_000_000;
/// Maximum number of lines: a large firm's clients. The table's page checks each of them again.
pub const LINES_MAX: usize = 10_000;
/// Maximum length of a stored cell, in characters: enough to show what is wrong with one that is too long.
const CELL_CHARACTERS: usize = 300;
/// Columns read at most; further ones are ignored.
const COLUMNS_MAX: usize = 200;

columns! {
    /// A line as it was written.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Line {
        /// The line of the file on which it starts, from 1.
        pub number: i64 = "line",
        pub given_name: String = "given_name",
        pub family_name: String = "family_name",
        /// Empty if the line is about a company only.
        pub email: String = "email",
        pub phone: String = "phone",
        pub company: String = "company",
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    GivenName,
    FamilyName,
    WholeName,
    Email,
    Phone,
    Company,
}

impl Column {
    /// The meaning of a column name, ignoring case, spaces and punctuation.
    fn of(name: &str) -> Option<Column> {
        let name: String = name.chars().filter(|character| character.is_alphanumeric()).collect();
        Some(match name.to_lowercase().as_str() {
            "givenname" | "firstname" | "first" | "forename" | "given" | "vorname" | "prénom" | "nombre" => {
                Column::GivenName
            }
            "familyname" | "lastname" | "last" | "surname" | "family" | "nachname" | "nom" | "apellido"
            | "apellidos" => Column::FamilyName,
            "name" | "fullname" | "contact" | "contactname" | "person" => Column::WholeName,
            "email" | "emailaddress" | "mail" | "emails" | "address" | "emailadresse" | "correo" => {
                Column::Email
            }
            "phone" | "phonenumber" | "mobile" | "mobilenumber" | "mobilephone" | "cell" | "cellphone"
            | "telephone" | "tel" | "number" | "telefon" | "handy" => Column::Phone,
            "company" | "companyname" | "organisation" | "organization" | "firm" | "firma" | "business"
            | "client" | "empresa" | "société" => Column::Company,
            _ => return None,
        })
    }
}

/// Reads the lines of a table, skipping empty ones.
///
/// # Errors
/// `Field` of `file`: `TooLarge`, `Workbook`, `NotText`, `Empty`, `NoColumns`, `TooManyLines`, `OpenQuote`.
pub fn read(bytes: &[u8]) -> Result<Vec<Line>> {
    let refused = |problem| Err(Error::field("file", problem));
    if bytes.len() > BYTES_MAX {
        return refused(Problem::TooLarge(BYTES_MAX as i64));
    }
    // Workbooks: ZIP archives, or the older binary format.
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return refused(Problem::Workbook);
    }
    let Some(text) = decoded(bytes) else { return refused(Problem::NotText) };
    let (told, text) = told_separator(&text);
    let skipped = if told.is_some() { 1 } else { 0 };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(told.unwrap_or_else(|| separator(text)))
        .from_reader(text.as_bytes());
    let mut columns: Option<Vec<Option<Column>>> = None;
    let mut lines = Vec::new();
    let mut last = (0_u64, 0_usize);
    let mut counter = Counter { bytes: text.as_bytes(), at: 0, line: 1 };
    for record in reader.records() {
        // The text is valid UTF-8 and the reader is flexible about the number of cells, so nothing else can be wrong.
        let Ok(record) = record else { return refused(Problem::NotText) };
        let begins = record.position().map_or(0, |position| usize::try_from(position.byte()).unwrap_or(0));
        let number = counter.line_at(begins) + skipped;
        last = (number, record.iter().map(|cell| cell.matches('\n').count()).sum());
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let Some(columns) = &columns else {
            columns = Some(record.iter().take(COLUMNS_MAX).map(Column::of).collect());
            continue;
        };
        if lines.len() == LINES_MAX {
            return refused(Problem::TooManyLines(LINES_MAX));
        }
        lines.push(line(number, &record, columns));
    }
    let has = |column| columns.as_ref().is_some_and(|columns| columns.contains(&Some(column)));
    if columns.is_none() {
        return refused(Problem::Empty);
    }
    if !has(Column::Email) && !has(Column::Company) {
        return refused(Problem::NoColumns);
    }
    if last.1 > 0 && text.matches('"').count() % 2 == 1 {
        return refused(Problem::OpenQuote(last.0));
    }
    if lines.is_empty() {
        return refused(Problem::Empty);
    }
    Ok(lines)
}

/// Counts lines as editors do. The reader's own count is one behind where lines end with CR LF.
struct Counter<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl Counter<'_> {
    /// The line of the first cell at or after a byte offset. Offsets must not decrease between calls.
    fn line_at(&mut self, place: usize) -> u64 {
        let rest = self.bytes.get(place..).unwrap_or_default();
        let blank = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let passed = self.bytes.get(self.at..place + blank).unwrap_or_default();
        let ends = passed.iter().enumerate().filter(|(place, byte)| match byte {
            b'\n' => true,
            b'\r' => passed.get(place + 1) != Some(&b'\n'),
            _ => false,
        });
        self.line += u64::try_from(ends.count()).unwrap_or(0);
        self.at = self.at.max(place + blank);
        self.line
    }
}

fn line(number: u64, record: &csv::StringRecord, columns: &[Option<Column>]) -> Line {
    let mut line = Line { number: i64::try_from(number).unwrap_or(i64::MAX), ..Line::default() };
    let mut whole = String::new();
    for (cell, column) in record.iter().zip(columns) {
        let Some(column) = column else { continue };
        let place = match column {
            Column::GivenName => &mut line.given_name,
            Column::FamilyName => &mut line.family_name,
            Column::WholeName => &mut whole,
            Column::Email => &mut line.email,
            Column::Phone => &mut line.phone,
            Column::Company => &mut line.company,
        };
        // If two columns have the same meaning, the first one with a value wins.
        if place.is_empty() {
            *place = cell.trim().chars().take(CELL_CHARACTERS).collect();
        }
    }
    if line.given_name.is_empty() && line.family_name.is_empty() {
        match whole.rsplit_once(' ') {
            Some((given, family)) => {
                line.given_name = given.trim().to_string();
                line.family_name = family.to_string();
            }
            None => line.given_name = whole,
        }
    }
    line
}

/// Decodes by byte order mark; without one, as UTF-8 if valid, else as Windows-1252, which Western programs used to write.
fn decoded(bytes: &[u8]) -> Option<String> {
    let wide = if bytes.starts_with(&[0xff, 0xfe]) {
        Some(encoding_rs::UTF_16LE)
    } else if bytes.starts_with(&[0xfe, 0xff]) {
        Some(encoding_rs::UTF_16BE)
    } else {
        unmarked_wide(bytes)
    };
    if let Some(encoding) = wide {
        let (text, had_errors) = encoding.decode_with_bom_removal(bytes);
        return (!had_errors && bytes.len().is_multiple_of(2)).then(|| text.into_owned());
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_string(),
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned(),
    };
    // No program writes NUL into a table: this is not text.
    (!text.contains('\0')).then_some(text)
}

/// Detects UTF-16 without a byte order mark: in it, every other byte of ASCII text is zero.
fn unmarked_wide(bytes: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let head = &bytes[..bytes.len().min(64) & !1];
    let zeros = |first: usize| head.iter().skip(first).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let most = head.len() / 4;
    match () {
        () if head.len() < 4 => None,
        () if odd > most && even == 0 => Some(encoding_rs::UTF_16LE),
        () if even > most && odd == 0 => Some(encoding_rs::UTF_16BE),
        () => None,
    }
}

/// The separator declared by a first line `sep=;`, as Excel writes it, and the text after that line.
fn told_separator(text: &str) -> (Option<u8>, &str) {
    let Some(rest) = text.get(..4).filter(|begin| begin.eq_ignore_ascii_case("sep=")).map(|_| &text[4..])
    else {
        return (None, text);
    };
    match rest.split_once('\n') {
        Some((told, rest)) if told.trim_end_matches('\r').len() == 1 => (told.bytes().next(), rest),
        _ => (None, text),
    }
}

/// The separator that occurs most often in the first line, outside quotes; a comma if none does.
fn separator(text: &str) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut is_quoted = false;
    for byte in text.trim_start().bytes() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' | b'\r' if !is_quoted => break,
            byte if !is_quoted => {
                counts.iter_mut().filter(|(known, _)| *known == byte).for_each(|(_, count)| *count += 1);
            }
            _ => {}
        }
    }
    // In a tie, the first of the list wins.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(separator, _)| *separator)
}

#[cfg(test)]
mod tests;
