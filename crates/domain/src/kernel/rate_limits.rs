//! Rate limits where strangers could otherwise go on forever (S3): sign-ins by address and by sender.
//!
//! One row per subject with its current window. The table has no workspace column, because a hit may come before any
//! workspace is known; subjects that belong to a workspace include its id.

use std::net::IpAddr;
use std::time::Duration;

use store::{Time, Tx};

use crate::kernel::error::{Error, Result};

/// The longest possible window; older rows are swept.
pub const WINDOW_MAX: Duration = Duration::from_secs(24 * 3600);

/// Limits how long a sweep can block others.
const SWEPT_AT_ONCE: i64 = 1_000;

/// Counts one attempt of `subject`: at most `most` in a `window`, which begins with the first attempt and is capped
/// at [`WINDOW_MAX`]. Transactions that count the same subject wait for each other.
///
/// # Errors
/// `TooMany` with the time until the window ends. The refused attempt is not counted: the row is already at its
/// limit.
pub fn hit(tx: &Tx, subject: &str, window: Duration, most: i64) -> Result<()> {
    let now = tx.now();
    let window = window.min(WINDOW_MAX);
    // A window that begins in the future is left over from before the clock was set back: start a new one.
    let (start, count): (Time, i64) = tx.one(
        "INSERT INTO tries (subject, window_start, count) VALUES ($1, $2, 1) \
         ON CONFLICT (subject) DO UPDATE SET \
         count = CASE WHEN tries.window_start > $3 AND tries.window_start <= $2 THEN tries.count + 1 ELSE 1 END, \
         window_start = CASE WHEN tries.window_start > $3 AND tries.window_start <= $2 THEN tries.window_start \
         ELSE $2 END \
         RETURNING window_start, count",
        &[&subject, &now, &now.before(window)],
        |row| row.read(),
    )?;
    if count <= most { Ok(()) } else { Err(Error::TooMany(start.after(window).since(now))) }
}

/// What counts as one sender: an IPv4 address, or the /64 of an IPv6 address, which belongs to one customer.
pub(crate) fn network(sender: &str) -> String {
    match sender.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V4(address)) => address.to_string(),
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Err(_) => sender.chars().take(64).collect(),
    }
}

/// Removes some expired rows and returns how many; 0 when none are left.
pub fn sweep(tx: &Tx) -> Result<usize> {
    let over = tx.settled().before(WINDOW_MAX);
    Ok(tx.run(
        "DELETE FROM tries WHERE subject IN (SELECT subject FROM tries WHERE window_start <= $1 LIMIT $2)",
        &[&over, &SWEPT_AT_ONCE],
    )?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s3_a_sender_is_an_address_or_the_network_of_one_customer() {
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
        assert_eq!(network("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::1"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network(&"x".repeat(1000)).len(), 64);
    }
}
