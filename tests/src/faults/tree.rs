//! A folder with all that is in it, in memory.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::path::{Path, PathBuf};

/// Files with their bytes and folders, by their paths below the top.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Tree {
    /// `None` stands for a folder.
    pub entries: BTreeMap<PathBuf, Option<Vec<u8>>>,
}

impl Tree {
    /// What is in a folder.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn read(top: &Path) -> io::Result<Self> {
        let mut tree = Self::default();
        tree.collect(top, Path::new(""))?;
        Ok(tree)
    }

    /// Puts it into an empty folder.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn write(&self, top: &Path) -> io::Result<()> {
        // A folder comes before what is in it.
        for (path, bytes) in &self.entries {
            match bytes {
                None => fs::create_dir(top.join(path))?,
                Some(bytes) => fs::write(top.join(path), bytes)?,
            }
        }
        Ok(())
    }

    /// Without the files whose names end so.
    #[must_use]
    pub fn without(mut self, ending: &str) -> Self {
        self.entries
            .retain(|path, _| !path.to_string_lossy().ends_with(ending));
        self
    }

    /// The paths of all files.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let files = self.entries.iter().filter(|(_, bytes)| bytes.is_some());
        files.map(|(path, _)| path.as_path())
    }

    /// A number that tells different trees apart, for counting them.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.entries.hash(&mut hasher);
        hasher.finish()
    }

    fn collect(&mut self, top: &Path, below: &Path) -> io::Result<()> {
        for entry in fs::read_dir(top.join(below))? {
            let entry = entry?;
            let path = below.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                self.entries.insert(path.clone(), None);
                self.collect(top, &path)?;
            } else {
                let bytes = fs::read(entry.path())?;
                self.entries.insert(path, Some(bytes));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_that_is_written_reads_the_same() {
        let mut tree = Tree::default();
        tree.entries.insert("a".into(), None);
        tree.entries.insert("a/b-shm".into(), Some(vec![1, 2]));
        tree.entries.insert("c".into(), Some(vec![]));
        let folder = tempfile::tempdir().unwrap();
        tree.write(folder.path()).unwrap();
        let read = Tree::read(folder.path()).unwrap();
        assert_eq!(read, tree);
        assert_eq!(read.fingerprint(), tree.fingerprint());
        assert_ne!(read.without("-shm").fingerprint(), tree.fingerprint());
    }
}
