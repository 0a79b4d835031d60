//! Tables of client users (S15): every line has the number that a spreadsheet shows.

#![no_main]

use domain::arrival::import_table;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(lines) = import_table::read(bytes) else { return };
    assert!(lines.windows(2).all(|pair| pair[0].number < pair[1].number));
    let checked = domain::arrival::imports::check(lines);
    assert!(!checked.is_empty());
});
