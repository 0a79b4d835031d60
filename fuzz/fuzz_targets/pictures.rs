//! Pictures (F5): whatever the bytes are, what is made of them is small, and said to be as large as it is.

#![no_main]

use libfuzzer_sys::fuzz_target;
use outbound::pictures;

fuzz_target!(|bytes: &[u8]| {
    let _ = pictures::dimensions(bytes);
    if let Ok(small) = pictures::small(bytes) {
        let (width, height) = small.dimensions;
        assert_eq!(pictures::dimensions(&small.bytes), Some((width, height)));
    }
});
