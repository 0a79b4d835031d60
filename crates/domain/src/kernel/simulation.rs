//! For simulations alone: everything random follows from a seed, so that a run can be repeated exactly.

use crate::kernel::{ids, random};

/// From now on everything that this thread draws follows from `seed`. Its secrets are secret no more.
pub fn simulate(seed: u64) {
    random::simulated::seed(seed);
    ids::forget_last();
}
