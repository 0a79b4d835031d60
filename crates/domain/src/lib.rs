//! The product's rules together with their queries (`docs/behaviour.md`), one folder per floor; imports run from
//! `kernel` upward.
//!
//! Synchronous code on a `store::Tx` or `store::Reader`, with no I/O beyond that transaction. The requester comes in
//! as a [`kernel::access::Actor`], the time from the transaction.

pub mod administration;
pub mod arrival;
pub mod channels;
pub mod directory;
pub mod files;
pub mod identity;
pub mod kernel;
pub mod messages;
pub mod notify;
pub mod tenant;
pub mod webhooks;
pub mod welcome;

pub mod formatting;

pub use kernel::error::{Error, Problem, Result};

/// All migrations, oldest first.
pub const MIGRATIONS: &[store::Migration] = &[
    store::Migration {
        number: 1,
        name: "people and channels",
        sql: include_str!("../migrations/001_people_and_channels.sql"),
    },
    store::Migration { number: 2, name: "signing in", sql: include_str!("../migrations/002_signing_in.sql") },
    store::Migration {
        number: 3,
        name: "nothing is missed",
        sql: include_str!("../migrations/003_nothing_is_missed.sql"),
    },
    store::Migration {
        number: 4,
        name: "links and choices",
        sql: include_str!("../migrations/004_links_and_choices.sql"),
    },
    store::Migration { number: 5, name: "texts", sql: include_str!("../migrations/005_texts.sql") },
    store::Migration {
        number: 6,
        name: "addresses that take no mail",
        sql: include_str!("../migrations/006_addresses_that_take_no_mail.sql"),
    },
    store::Migration { number: 7, name: "files", sql: include_str!("../migrations/007_files.sql") },
    store::Migration { number: 8, name: "programs", sql: include_str!("../migrations/008_programs.sql") },
    store::Migration {
        number: 9,
        name: "the firm's own portal",
        sql: include_str!("../migrations/009_the_firms_own_portal.sql"),
    },
    store::Migration {
        number: 10,
        name: "joining and records",
        sql: include_str!("../migrations/010_joining_and_records.sql"),
    },
    store::Migration {
        number: 11,
        name: "webhooks and notifications",
        sql: include_str!("../migrations/011_webhooks_and_notifications.sql"),
    },
    store::Migration {
        number: 12,
        name: "reading old pages",
        sql: include_str!("../migrations/012_reading_old_pages.sql"),
    },
    store::Migration { number: 14, name: "brands", sql: include_str!("../migrations/014_brands.sql") },
    store::Migration {
        number: 16,
        name: "left out by way",
        sql: include_str!("../migrations/016_left_out_by_way.sql"),
    },
    store::Migration {
        number: 17,
        name: "permissions of a channel",
        sql: include_str!("../migrations/017_permissions_of_a_channel.sql"),
    },
    store::Migration {
        number: 18,
        name: "finding readers",
        sql: include_str!("../migrations/018_finding_readers.sql"),
    },
    store::Migration {
        number: 21,
        name: "tables in steps",
        sql: include_str!("../migrations/021_tables_in_steps.sql"),
    },
    store::Migration {
        number: 22,
        name: "texts held together",
        sql: include_str!("../migrations/022_texts_held_together.sql"),
    },
    store::Migration {
        number: 23,
        name: "searches merged less",
        sql: include_str!("../migrations/023_searches_merged_less.sql"),
    },
    store::Migration {
        number: 24,
        name: "colleagues come in",
        sql: include_str!("../migrations/024_colleagues_come_in.sql"),
    },
    store::Migration {
        number: 25,
        name: "clock seen",
        sql: include_str!("../migrations/025_clock_seen.sql"),
    },
    store::Migration {
        number: 26,
        name: "words cost what they cost",
        sql: include_str!("../migrations/026_words_cost_what_they_cost.sql"),
    },
    store::Migration {
        number: 27,
        name: "one receiver an upload",
        sql: include_str!("../migrations/027_one_receiver_an_upload.sql"),
    },
];
