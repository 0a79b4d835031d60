//! The disk as a file system of the operating system.

use std::ffi::OsStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use fuser::{
    FileAttr, FileType, Filesystem, ReplyAttr, ReplyData, ReplyDirectory, ReplyEmpty, ReplyEntry, ReplyOpen,
    ReplyWrite, Request, TimeOrNow,
};

use crate::disk::{Disk, Errno, Folder, Node, Result};
use crate::file::File;

/// How long the system may remember names and lengths: they change through itself only.
const REMEMBERED: Duration = Duration::from_secs(1);
/// The system writes from a file that is mapped into memory, at a moment of its own (FUSE_WRITE_CACHE).
const BY_ITSELF: u32 = 1;

pub(crate) struct Mounted(Arc<Mutex<Disk>>);

impl Mounted {
    pub(crate) fn new(disk: Arc<Mutex<Disk>>) -> Mounted {
        Mounted(disk)
    }

    fn lock(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn make(&self, request: &Request<'_>, folder: u64, name: &OsStr, node: Node, reply: ReplyEntry) {
        let mut disk = self.lock();
        let made = text(name).and_then(|name| disk.create(folder, name, node));
        entry(request, &disk, made, reply);
    }
}

fn text(name: &OsStr) -> Result<&str> {
    name.to_str().ok_or(libc::EILSEQ)
}

fn attributes(request: &Request<'_>, disk: &Disk, number: u64) -> Result<FileAttr> {
    let (kind, size, perm) = match disk.node(number)? {
        Node::File(file) => (FileType::RegularFile, file.seen.len() as u64, 0o600),
        Node::Folder(_) => (FileType::Directory, 0, 0o700),
    };
    let time = SystemTime::UNIX_EPOCH;
    Ok(FileAttr {
        ino: number,
        size,
        blocks: size.div_ceil(512),
        atime: time,
        mtime: time,
        ctime: time,
        crtime: time,
        kind,
        perm,
        nlink: 1,
        uid: request.uid(),
        gid: request.gid(),
        rdev: 0,
        blksize: 4096,
        flags: 0,
    })
}

fn entry(request: &Request<'_>, disk: &Disk, found: Result<u64>, reply: ReplyEntry) {
    match found.and_then(|number| attributes(request, disk, number)) {
        Ok(attributes) => reply.entry(&REMEMBERED, &attributes, 0),
        Err(errno) => reply.error(errno),
    }
}

fn done(outcome: std::result::Result<(), Errno>, reply: ReplyEmpty) {
    match outcome {
        Ok(()) => reply.ok(),
        Err(errno) => reply.error(errno),
    }
}

impl Filesystem for Mounted {
    fn lookup(&mut self, request: &Request<'_>, folder: u64, name: &OsStr, reply: ReplyEntry) {
        let mut disk = self.lock();
        let found = text(name).and_then(|name| disk.find(folder, name));
        entry(request, &disk, found, reply);
    }

    fn getattr(&mut self, request: &Request<'_>, number: u64, _: Option<u64>, reply: ReplyAttr) {
        match attributes(request, &self.lock(), number) {
            Ok(attributes) => reply.attr(&REMEMBERED, &attributes),
            Err(errno) => reply.error(errno),
        }
    }

    fn setattr(
        &mut self,
        request: &Request<'_>,
        number: u64,
        _: Option<u32>,
        _: Option<u32>,
        _: Option<u32>,
        size: Option<u64>,
        _: Option<TimeOrNow>,
        _: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<u64>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<u32>,
        reply: ReplyAttr,
    ) {
        let mut disk = self.lock();
        let set = size.map_or(Ok(()), |size| disk.set_length(number, size as usize));
        match set.and_then(|()| attributes(request, &disk, number)) {
            Ok(attributes) => reply.attr(&REMEMBERED, &attributes),
            Err(errno) => reply.error(errno),
        }
    }

    fn mknod(
        &mut self,
        request: &Request<'_>,
        folder: u64,
        name: &OsStr,
        _: u32,
        _: u32,
        _: u32,
        reply: ReplyEntry,
    ) {
        self.make(request, folder, name, Node::File(File::default()), reply);
    }

    fn mkdir(&mut self, request: &Request<'_>, folder: u64, name: &OsStr, _: u32, _: u32, reply: ReplyEntry) {
        self.make(request, folder, name, Node::Folder(Folder::default()), reply);
    }

    fn unlink(&mut self, _: &Request<'_>, folder: u64, name: &OsStr, reply: ReplyEmpty) {
        done(text(name).and_then(|name| self.lock().remove(folder, name).map(drop)), reply);
    }

    fn rmdir(&mut self, _: &Request<'_>, folder: u64, name: &OsStr, reply: ReplyEmpty) {
        done(text(name).and_then(|name| self.lock().remove(folder, name).map(drop)), reply);
    }

    fn rename(
        &mut self,
        _: &Request<'_>,
        folder: u64,
        name: &OsStr,
        new_folder: u64,
        new_name: &OsStr,
        _: u32,
        reply: ReplyEmpty,
    ) {
        let renamed = text(name).and_then(|name| {
            text(new_name).and_then(|new_name| self.lock().rename((folder, name), (new_folder, new_name)))
        });
        done(renamed, reply);
    }

    fn open(&mut self, _: &Request<'_>, number: u64, _: i32, reply: ReplyOpen) {
        reply.opened(self.lock().open(number), 0);
    }

    fn opendir(&mut self, _: &Request<'_>, number: u64, _: i32, reply: ReplyOpen) {
        reply.opened(self.lock().open(number), 0);
    }

    fn release(
        &mut self,
        _: &Request<'_>,
        _: u64,
        handle: u64,
        _: i32,
        _: Option<u64>,
        _: bool,
        reply: ReplyEmpty,
    ) {
        self.lock().close(handle);
        reply.ok();
    }

    fn read(
        &mut self,
        _: &Request<'_>,
        number: u64,
        _: u64,
        at: i64,
        size: u32,
        _: i32,
        _: Option<u64>,
        reply: ReplyData,
    ) {
        match self.lock().file(number) {
            Ok(file) => {
                let from = (at as usize).min(file.seen.len());
                let end = (from + size as usize).min(file.seen.len());
                reply.data(&file.seen[from..end]);
            }
            Err(errno) => reply.error(errno),
        }
    }

    fn write(
        &mut self,
        _: &Request<'_>,
        number: u64,
        _: u64,
        at: i64,
        bytes: &[u8],
        flags: u32,
        _: i32,
        _: Option<u64>,
        reply: ReplyWrite,
    ) {
        let mut disk = self.lock();
        let written = if flags & BY_ITSELF == 0 {
            disk.write(number, at as usize, bytes)
        } else {
            disk.file(number).map(|file| file.write(at as usize, bytes))
        };
        match written {
            Ok(()) => reply.written(bytes.len() as u32),
            Err(errno) => reply.error(errno),
        }
    }

    fn flush(&mut self, _: &Request<'_>, _: u64, _: u64, _: u64, reply: ReplyEmpty) {
        // A file is closed, which flushes nothing.
        reply.ok();
    }

    fn fsync(&mut self, _: &Request<'_>, _: u64, handle: u64, _: bool, reply: ReplyEmpty) {
        done(self.lock().flush(handle), reply);
    }

    fn fsyncdir(&mut self, _: &Request<'_>, _: u64, handle: u64, _: bool, reply: ReplyEmpty) {
        done(self.lock().flush(handle), reply);
    }

    fn readdir(&mut self, _: &Request<'_>, number: u64, _: u64, from: i64, mut reply: ReplyDirectory) {
        let mut disk = self.lock();
        match disk.folder(number) {
            Ok(folder) => {
                for (index, (name, node)) in folder.seen.clone().iter().enumerate().skip(from as usize) {
                    let kind = match disk.node(*node) {
                        Ok(Node::Folder(_)) => FileType::Directory,
                        _ => FileType::RegularFile,
                    };
                    if reply.add(*node, index as i64 + 1, kind, name) {
                        break;
                    }
                }
                reply.ok();
            }
            Err(errno) => reply.error(errno),
        }
    }
}
