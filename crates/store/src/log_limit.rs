//! Keeps errors that every request meets from filling the log, and with it the disk.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::mutex::lock;

/// One line for each reason in this time.
const ONE_EACH: Duration = Duration::from_secs(60);

pub(crate) struct LogLimit(Mutex<BTreeMap<&'static str, Lines>>);

struct Lines {
    last: Instant,
    left_out: u64,
}

impl LogLimit {
    pub(crate) const fn new() -> LogLimit {
        LogLimit(Mutex::new(BTreeMap::new()))
    }

    /// How many lines were left out since the last one for this reason; `None` if this one is left out too.
    pub(crate) fn admit(&self, reason: &'static str, now: Instant) -> Option<u64> {
        let mut reasons = lock(&self.0);
        match reasons.get_mut(reason) {
            Some(lines) if now.duration_since(lines.last) < ONE_EACH => {
                lines.left_out += 1;
                None
            }
            found => {
                let left_out = found.map_or(0, |lines| lines.left_out);
                reasons.insert(reason, Lines { last: now, left_out: 0 });
                Some(left_out)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k4_a_reason_is_logged_once_a_minute_with_the_number_of_lines_left_out() {
        let (limit, start) = (LogLimit::new(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(limit.admit("full", at(0)), Some(0));
        assert_eq!(limit.admit("full", at(1)), None);
        assert_eq!(limit.admit("away", at(1)), Some(0));
        assert_eq!(limit.admit("full", at(59)), None);
        assert_eq!(limit.admit("full", at(60)), Some(2));
        assert_eq!(limit.admit("full", at(121)), Some(0));
    }
}
