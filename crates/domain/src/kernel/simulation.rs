//! For simulations only: all randomness follows from a seed, so a run can be repeated exactly.

use crate::kernel::{ids, random};

/// From now on, everything this thread draws follows from `seed`. Its secrets are no longer secret.
pub fn simulate(seed: u64) {
    random::simulated::seed(seed);
    ids::forget_last();
}
