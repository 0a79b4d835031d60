//! Random bytes from the system or, in simulations, from a seed.

/// Fills `bytes` from the system's source of randomness.
///
/// # Panics
/// If the system has none: no secret or id could be trusted.
pub fn fill(bytes: &mut [u8]) {
    #[cfg(feature = "simulated")]
    if simulated::fill(bytes) {
        return;
    }
    if let Err(error) = getrandom::fill(bytes) {
        panic!("the system gives no random numbers: {error}");
    }
}

/// Reproducible randomness, for simulations only: the product is built without it.
#[cfg(feature = "simulated")]
pub(crate) mod simulated {

    use std::cell::Cell;

    thread_local! {
        static STATE: Cell<Option<u64>> = const { Cell::new(None) };
    }

    /// From now on, everything this thread draws follows from `seed`.
    pub(crate) fn seed(seed: u64) {
        STATE.set(Some(seed));
    }

    /// Fills `bytes` if this thread was seeded (SplitMix64).
    pub(crate) fn fill(bytes: &mut [u8]) -> bool {
        let Some(mut state) = STATE.get() else { return false };
        for chunk in bytes.chunks_mut(8) {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut drawn = state;
            drawn = (drawn ^ (drawn >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            drawn = (drawn ^ (drawn >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            drawn ^= drawn >> 31;
            chunk.copy_from_slice(&drawn.to_le_bytes()[..chunk.len()]);
        }
        STATE.set(Some(state));
        true
    }
}
