//! The disk: files and folders, and the faults of it.

use std::collections::BTreeMap;

use crate::file::File;
use crate::random::Random;

/// The number of the outermost folder.
pub(crate) const ROOT: u64 = fuser::FUSE_ROOT_ID;

/// A number of the operating system for an error.
pub(crate) type Errno = i32;
pub(crate) type Result<T> = std::result::Result<T, Errno>;

/// What can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    /// Bytes are written, or a file's length is set.
    Write,
    /// A file or folder is flushed: fsync(2).
    Flush,
}

/// One fault: the call that it begins with.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// What fails.
    pub call: Call,
    /// Which of these calls, from 1.
    pub number: usize,
    /// Such as `EIO`.
    pub errno: i32,
    /// Whether later calls fail too, on all files.
    pub lasts: bool,
}

pub(crate) enum Node {
    File(File),
    Folder(Folder),
}

/// Names, as programs see them and as they are on the disk.
#[derive(Clone, Default)]
pub(crate) struct Folder {
    pub(crate) seen: BTreeMap<String, u64>,
    kept: BTreeMap<String, u64>,
}

pub(crate) struct Disk {
    nodes: BTreeMap<u64, Node>,
    /// The file or folder of each handle, and an error that it has not been told yet.
    handles: BTreeMap<u64, (u64, Option<Errno>)>,
    next: u64,
    names: &'static [&'static str],
    counts: BTreeMap<Call, usize>,
    fault: Option<Fault>,
    has_failed: bool,
    random: Random,
}

impl Disk {
    pub(crate) fn new(names: &'static [&'static str]) -> Disk {
        Disk {
            nodes: BTreeMap::from([(ROOT, Node::Folder(Folder::default()))]),
            handles: BTreeMap::new(),
            next: ROOT + 1,
            names,
            counts: BTreeMap::new(),
            fault: None,
            has_failed: false,
            random: Random::new(0),
        }
    }

    pub(crate) fn fail(&mut self, fault: Option<Fault>) {
        self.fault = fault;
        self.counts.clear();
        self.has_failed = false;
        self.random = Random::new(fault.map_or(0, |fault| fault.number as u64));
    }

    pub(crate) fn count(&self, call: Call) -> usize {
        self.counts.get(&call).copied().unwrap_or(0)
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.has_failed
    }

    /// Counts a call, which may have to fail.
    fn attempt(&mut self, call: Call, number: u64) -> Result<()> {
        let is_counted = self.names.iter().any(|name| self.is_named(name, number));
        if is_counted {
            *self.counts.entry(call).or_default() += 1;
        }
        let Some(fault) = self.fault.filter(|fault| fault.call == call) else { return Ok(()) };
        let count = self.count(call);
        let fails = (is_counted && count == fault.number) || (fault.lasts && self.has_failed);
        if fails {
            self.has_failed = true;
            return Err(fault.errno);
        }
        Ok(())
    }

    fn is_named(&self, name: &str, number: u64) -> bool {
        let folders = self.nodes.values().filter_map(|node| match node {
            Node::Folder(folder) => Some(folder),
            Node::File(_) => None,
        });
        folders.into_iter().any(|folder| folder.seen.get(name) == Some(&number))
    }

    pub(crate) fn node(&self, number: u64) -> Result<&Node> {
        self.nodes.get(&number).ok_or(libc::ENOENT)
    }

    pub(crate) fn file(&mut self, number: u64) -> Result<&mut File> {
        match self.nodes.get_mut(&number) {
            Some(Node::File(file)) => Ok(file),
            _ => Err(libc::EISDIR),
        }
    }

    pub(crate) fn folder(&mut self, number: u64) -> Result<&mut Folder> {
        match self.nodes.get_mut(&number) {
            Some(Node::Folder(folder)) => Ok(folder),
            _ => Err(libc::ENOTDIR),
        }
    }

    pub(crate) fn find(&mut self, folder: u64, name: &str) -> Result<u64> {
        self.folder(folder)?.seen.get(name).copied().ok_or(libc::ENOENT)
    }

    pub(crate) fn create(&mut self, folder: u64, name: &str, node: Node) -> Result<u64> {
        // A full disk, or one that may only be read, has no room for a name either.
        self.attempt(Call::Write, 0)?;
        let number = self.next;
        self.next += 1;
        self.nodes.insert(number, node);
        self.folder(folder)?.seen.insert(name.to_string(), number);
        Ok(number)
    }

    pub(crate) fn remove(&mut self, folder: u64, name: &str) -> Result<u64> {
        self.folder(folder)?.seen.remove(name).ok_or(libc::ENOENT)
    }

    pub(crate) fn rename(&mut self, from: (u64, &str), to: (u64, &str)) -> Result<()> {
        let number = self.remove(from.0, from.1)?;
        self.folder(to.0)?.seen.insert(to.1.to_string(), number);
        Ok(())
    }

    pub(crate) fn open(&mut self, number: u64) -> u64 {
        self.next += 1;
        self.handles.insert(self.next, (number, None));
        self.next
    }

    pub(crate) fn close(&mut self, handle: u64) {
        self.handles.remove(&handle);
    }

    pub(crate) fn write(&mut self, number: u64, at: usize, bytes: &[u8]) -> Result<()> {
        self.attempt(Call::Write, number)?;
        self.file(number)?.write(at, bytes);
        Ok(())
    }

    pub(crate) fn set_length(&mut self, number: u64, length: usize) -> Result<()> {
        self.attempt(Call::Write, number)?;
        self.file(number)?.set_length(length);
        Ok(())
    }

    /// As Linux does it: when a flush fails, each handle that is open is told so at its next flush, once, and the bytes are
    /// taken for written.
    pub(crate) fn flush(&mut self, handle: u64) -> Result<()> {
        let (number, untold) = self.handles.get_mut(&handle).ok_or(libc::EBADF)?;
        let (number, told) = (*number, untold.take());
        let outcome = self.attempt(Call::Flush, number);
        match (self.nodes.get_mut(&number), outcome) {
            (Some(Node::File(file)), Ok(())) => file.flush(),
            (Some(Node::File(file)), Err(errno)) => {
                file.flush_fails(&mut self.random);
                let others =
                    self.handles.iter_mut().filter(|(other, (of, _))| **other != handle && *of == number);
                others.for_each(|(_, (_, untold))| *untold = Some(errno));
            }
            (Some(Node::Folder(folder)), Ok(())) => folder.kept = folder.seen.clone(),
            (Some(Node::Folder(_)) | None, _) => {}
        }
        told.map_or(outcome, Err)
    }

    pub(crate) fn flush_everything(&mut self) {
        for node in self.nodes.values_mut() {
            match node {
                Node::File(file) => file.flush(),
                Node::Folder(folder) => folder.kept = folder.seen.clone(),
            }
        }
    }

    /// The files of a folder of the outermost one.
    pub(crate) fn after_power_cut(&self, folder: &str, random: &mut Random) -> Vec<(String, Vec<u8>)> {
        let Some(Node::Folder(root)) = self.nodes.get(&ROOT) else { return Vec::new() };
        let Some(Node::Folder(folder)) = root.kept.get(folder).and_then(|number| self.nodes.get(number))
        else {
            return Vec::new();
        };
        let names = if random.chance(50) { &folder.kept } else { &folder.seen };
        let file = |(name, number): (&String, &u64)| match self.nodes.get(number) {
            Some(Node::File(file)) => Some((name.clone(), file)),
            _ => None,
        };
        names.iter().filter_map(file).map(|(name, file)| (name, file.after_power_cut(random))).collect()
    }
}
