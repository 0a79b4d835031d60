//! A file: what programs see of it, and what of that is on the disk.

use crate::random::Random;

/// What a disk writes as a whole or not at all.
const SECTOR: usize = 512;

#[derive(Default)]
pub(crate) struct File {
    /// What programs see.
    pub(crate) seen: Vec<u8>,
    /// What is on the disk.
    kept: Vec<u8>,
    /// What has not been flushed, oldest first.
    unflushed: Vec<Change>,
}

enum Change {
    Write(usize, Vec<u8>),
    Length(usize),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Change::Write(at, written) => {
                let end = at + written.len();
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                bytes[*at..end].copy_from_slice(written);
            }
            Change::Length(length) => bytes.resize(*length, 0),
        }
    }

    /// The first sectors of it.
    fn torn(&self, random: &mut Random) -> Option<Change> {
        match self {
            Change::Write(at, written) => {
                let sectors = random.below(written.len() / SECTOR + 1);
                Some(Change::Write(*at, written[..sectors * SECTOR].to_vec()))
            }
            Change::Length(_) => None,
        }
    }
}

impl File {
    pub(crate) fn write(&mut self, at: usize, bytes: &[u8]) {
        self.change(Change::Write(at, bytes.to_vec()));
    }

    pub(crate) fn set_length(&mut self, length: usize) {
        self.change(Change::Length(length));
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.seen);
        self.unflushed.push(change);
    }

    pub(crate) fn flush(&mut self) {
        for change in self.unflushed.drain(..) {
            change.apply(&mut self.kept);
        }
    }

    /// What was to be flushed reaches the disk in part, and is never tried again; programs see all of it as before.
    pub(crate) fn flush_fails(&mut self, random: &mut Random) {
        for change in self.unflushed.drain(..) {
            if random.chance(50) {
                change.apply(&mut self.kept);
            }
        }
    }

    pub(crate) fn after_power_cut(&self, random: &mut Random) -> Vec<u8> {
        let mut bytes = self.kept.clone();
        // Nothing, all, or some of it has been written by itself.
        let percent = [0, 50, 90, 100][random.below(4)];
        let Some((last, before)) = self.unflushed.split_last() else { return bytes };
        before.iter().filter(|_| random.chance(percent)).for_each(|change| change.apply(&mut bytes));
        if let Some(last) = last.torn(random).filter(|_| random.chance(percent)) {
            last.apply(&mut bytes);
        }
        bytes
    }
}
