//! What a disk itself takes for one durable page: the peer of everything that is committed.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// A file of pages, one of which is overwritten for good at a time.
pub(crate) struct Disk {
    file: File,
    page: u64,
}

impl Disk {
    const PAGES: u64 = 1_000;
    const PAGE: [u8; 4096] = [7; 4096];

    /// Makes the file.
    pub(crate) fn new(path: &Path) -> Self {
        let file = File::create_new(path).unwrap();
        for page in 0..Self::PAGES {
            file.write_all_at(&Self::PAGE, page * 4096).unwrap();
        }
        file.sync_all().unwrap();
        Self { file, page: 0 }
    }

    /// Writes one page, and returns once it is on the disk.
    pub(crate) fn write(&mut self) {
        self.page = (self.page + 1) % Self::PAGES;
        self.file
            .write_all_at(&Self::PAGE, self.page * 4096)
            .unwrap();
        self.file.sync_data().unwrap();
    }
}
