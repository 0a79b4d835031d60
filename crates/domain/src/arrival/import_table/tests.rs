//! Import tables: encodings, separators, quoting, line numbers and refused input.

use super::*;
use proptest::prelude::*;

const TABLE: &str =
    "Given name,Family name,Email,Mobile,Company\nZoë,Müller,zoe@a.example,+49 30 123456,Café Zürich\n";

fn zoe() -> Line {
    Line {
        number: 2,
        given_name: "Zoë".to_string(),
        family_name: "Müller".to_string(),
        email: "zoe@a.example".to_string(),
        phone: "+49 30 123456".to_string(),
        company: "Café Zürich".to_string(),
    }
}

fn wide(text: &str, big: bool) -> Vec<u8> {
    text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

fn problem(bytes: &[u8]) -> Problem {
    match read(bytes) {
        Err(Error::Field { field: "file", problem }) => problem,
        other => panic!("{other:?}"),
    }
}

#[test]
fn s15_a_table_reads_the_same_in_every_encoding_and_with_every_separator() {
    let latin: Vec<u8> = TABLE.chars().map(|character| u8::try_from(u32::from(character)).unwrap()).collect();
    let marked = |mark: &[u8], rest: Vec<u8>| [mark, &rest].concat();
    for bytes in [
        TABLE.as_bytes().to_vec(),
        marked(b"\xef\xbb\xbf", TABLE.as_bytes().to_vec()),
        marked(b"\xff\xfe", wide(TABLE, false)),
        marked(b"\xfe\xff", wide(TABLE, true)),
        wide(TABLE, false),
        wide(TABLE, true),
        latin,
        TABLE.replace('\n', "\r\n").into_bytes(),
        TABLE.replace('\n', "\r").into_bytes(),
        TABLE.replace(',', ";").into_bytes(),
        TABLE.replace(',', "\t").into_bytes(),
        TABLE.replace(',', "|").into_bytes(),
    ] {
        assert_eq!(read(&bytes).unwrap(), [zoe()], "{:?}", String::from_utf8_lossy(&bytes));
    }
    let told = format!("sep=;\r\n{}", TABLE.replace(',', ";"));
    assert_eq!(read(told.as_bytes()).unwrap(), [Line { number: 3, ..zoe() }]);
    let euro = b"email;company\na@b.example;\x80uro\n";
    assert_eq!(read(euro).unwrap()[0].company, "€uro");
}

#[test]
fn s15_cells_are_text_with_quotes_lines_and_formulas_in_them() {
    let table = "\"E-mail\";NAME;\"Firm\"\r\n\
        a@b.example;\"Anna Maria \"\"AM\"\" Lee\";\"=HYPERLINK(\"\"x\"\")\"\r\n\
        \r\n;;\r\n\
        c@d.example;Prince;\"Two\nlines\"\r\n\
        e@f.example;x;5\" pipes\r\n";
    let lines = read(table.as_bytes()).unwrap();
    let told: Vec<(i64, &str, &str, &str)> = lines
        .iter()
        .map(|line| (line.number, &*line.given_name, &*line.family_name, &*line.company))
        .collect();
    assert_eq!(
        told,
        [
            (2, "Anna Maria \"AM\"", "Lee", "=HYPERLINK(\"x\")"),
            (5, "Prince", "", "Two\nlines"),
            (7, "x", "", "5\" pipes"),
        ]
    );
}

#[test]
fn s15_what_is_no_table_is_refused_with_the_reason() {
    assert_eq!(problem(b""), Problem::Empty);
    assert_eq!(problem(b"email,company\n"), Problem::Empty);
    assert_eq!(problem(b"a@b.example,Jane\n"), Problem::NoColumns);
    assert_eq!(problem(b"PK\x03\x04rest"), Problem::Workbook);
    assert_eq!(problem(b"email\n\x00\x01\x02\x00\x00"), Problem::NotText);
    assert_eq!(problem(b"\xff\xfee\x00m"), Problem::NotText);
    assert_eq!(problem(b"email,name\na@b.example,\"Jane\nb@c.example,Tom\n"), Problem::OpenQuote(2));
    let long = format!("email\n{}", "a@b.example\n".repeat(100_000));
    assert_eq!(problem(long.as_bytes()), Problem::TooManyLines(LINES_MAX));
    assert!(matches!(problem(&vec![b'a'; BYTES_MAX + 1]), Problem::TooLarge(_)));
    assert_eq!(
        read(format!("email\n{}", "a@b.example\n".repeat(LINES_MAX)).as_bytes()).unwrap().len(),
        LINES_MAX
    );
}

proptest! {
    #[test]
    fn s15_whatever_is_handed_in_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = read(&bytes);
    }

    #[test]
    fn s15_what_was_written_is_what_is_read(
        cells in proptest::collection::vec(("[^\0]{1,40}", "[^\0]{0,40}"), 1..20),
        separator in prop::sample::select(vec![b',', b';', b'\t', b'|']),
    ) {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(separator)
            .quote_style(csv::QuoteStyle::Always)
            .from_writer(Vec::new());
        writer.write_record(["email", "company", "notes"]).unwrap();
        for (email, company) in &cells {
            writer.write_record([&format!("x{email}x"), company, ""]).unwrap();
        }
        let lines = read(&writer.into_inner().unwrap()).unwrap();
        prop_assert_eq!(lines.len(), cells.len());
        for (line, (email, company)) in lines.iter().zip(&cells) {
            let email = format!("x{email}x");
            prop_assert_eq!(&line.email, email.trim());
            prop_assert_eq!(&line.company, company.trim());
        }
    }
}
