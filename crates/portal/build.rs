//! Records the time of the build for `portal doctor`: a clock that is earlier is wrong. `SOURCE_DATE_EPOCH` replaces it for
//! reproducible builds.

use std::time::{SystemTime, UNIX_EPOCH};

fn main() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let given = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|text| text.parse::<u64>().ok());
    println!("cargo::rustc-env=PORTAL_BUILT_SECONDS={}", given.unwrap_or(now));
    println!("cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH");
    println!("cargo::rerun-if-changed=build.rs");
}
