//! Backup and restore, on and between both engines; and what is refused on the way.

mod damage;
mod files;
mod refusals;
mod round_trip;
mod support;
