//! Mail that comes in (A1): anything may be given to the reader of reports.

#![no_main]

use libfuzzer_sys::fuzz_target;
use outbound::mail::bounce;

fuzz_target!(|bytes: &[u8]| {
    let _ = bounce::read(bytes);
});
