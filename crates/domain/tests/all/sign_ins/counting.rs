//! Rate limits per time window (S3).

use super::*;
use domain::kernel::rate_limits;

both_engines! {
    fn tries_are_counted_in_windows_that_begin_with_the_first(office) {
        let count = |office: &Office| {
            office.write(|tx| rate_limits::hit(tx, "door", Duration::from_secs(60), 2))
        };
        count(office).unwrap();
        office.wait(Duration::from_secs(59));
        count(office).unwrap();
        assert_eq!(wait_of(count(office)), Duration::from_secs(1));
        assert_eq!(wait_of(count(office)), Duration::from_secs(1), "a refused try does not lengthen the wait");
        office.wait(Duration::from_secs(1));
        count(office).unwrap();
        count(office).unwrap();
        wait_of(count(office));
        office.write(|tx| rate_limits::hit(tx, "other door", Duration::from_secs(60), 2)).unwrap();
    }

    fn tries_counted_before_the_clock_was_set_back_do_not_lock_out(office) {
        office.write(|tx| rate_limits::hit(tx, "door", Duration::from_secs(60), 1)).unwrap();
        office
            .write(|tx| {
                let ahead = tx.now().after(Duration::from_secs(24 * 3600));
                tx.run("UPDATE tries SET window_start = $1", &[&ahead])?;
                Ok(())
            })
            .unwrap();
        office.write(|tx| rate_limits::hit(tx, "door", Duration::from_secs(60), 1)).unwrap();
        assert_eq!(wait_of(office.write(|tx| rate_limits::hit(tx, "door", Duration::from_secs(60), 1))), Duration::from_secs(60));
    }
}
