//! A folder as the running system shows it and as the disk holds it, while a trace is repeated.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::draw::{self, Style};
use super::trace::{Deed, Operation};
use super::tree::Tree;
use crate::chance::Chance;

/// A file or folder: its place in the list of all.
type NodeId = usize;
type Names = BTreeMap<OsString, NodeId>;

const TOP: NodeId = 0;

/// A change of a file that was not flushed yet.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Resize { length: usize },
    Write { at: usize, data: Vec<u8> },
}

/// A change of a folder that was not flushed yet.
#[derive(Clone, Debug)]
enum NameChange {
    Add { name: OsString, node: NodeId },
    Remove { name: OsString },
    Move { from: OsString, to: OsString },
}

#[derive(Clone, Debug)]
enum Node {
    File {
        now: Vec<u8>,
        safe: Vec<u8>,
        pending: Vec<Change>,
    },
    Folder {
        now: Names,
        safe: Names,
        pending: Vec<NameChange>,
    },
}

/// The watched folder between two operations.
#[derive(Clone, Debug)]
pub struct Disk {
    nodes: Vec<Node>,
    by_inode: HashMap<u64, NodeId>,
}

impl Disk {
    /// A folder as it lies there, all of it safe. Take it before the child that is traced starts.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn of(top: &Path) -> io::Result<Self> {
        let mut disk = Self {
            nodes: Vec::new(),
            by_inode: HashMap::new(),
        };
        disk.take(top)?;
        Ok(disk)
    }

    /// Repeats operations. What failed did nothing.
    ///
    /// # Panics
    ///
    /// When they do not fit the folder, or move a name to another folder, which nothing here does yet.
    pub fn apply(&mut self, operations: &[Operation]) {
        for operation in operations.iter().filter(|operation| operation.error == 0) {
            self.apply_one(operation);
        }
    }

    /// What the running system shows.
    #[must_use]
    pub fn shown(&self) -> Tree {
        let shown = self.nodes.iter().map(|node| match node {
            Node::File { now, .. } => Drawn::File(now.clone()),
            Node::Folder { now, .. } => Drawn::Folder(now.clone()),
        });
        lay_out(&shown.collect::<Vec<_>>())
    }

    /// One state in which a power cut may leave the disk now.
    #[must_use]
    pub fn crash(&self, chance: &mut Chance) -> Tree {
        let style = *chance.one_of(&Style::ALL);
        let drawn = self.nodes.iter().map(|node| match node {
            Node::File { safe, pending, .. } => {
                Drawn::File(draw::bytes(style, safe, pending, chance))
            }
            Node::Folder { safe, pending, .. } => {
                let mut names = safe.clone();
                for change in pending.iter().take(style.names_kept(pending.len(), chance)) {
                    rename(&mut names, change);
                }
                Drawn::Folder(names)
            }
        });
        let mut tree = lay_out(&drawn.collect::<Vec<_>>());
        draw::maps(&mut tree, chance);
        tree
    }

    /// How many changes could be lost now.
    #[must_use]
    pub fn unsafe_changes(&self) -> usize {
        let of_node = |node: &Node| match node {
            Node::File { pending, .. } => pending.len(),
            Node::Folder { pending, .. } => pending.len(),
        };
        self.nodes.iter().map(of_node).sum()
    }

    fn take(&mut self, path: &Path) -> io::Result<NodeId> {
        let id = self.nodes.len();
        let about = std::fs::symlink_metadata(path)?;
        self.by_inode.insert(about.ino(), id);
        if about.is_dir() {
            self.nodes.push(folder());
            let mut names = Names::new();
            for entry in std::fs::read_dir(path)? {
                let entry = entry?;
                names.insert(entry.file_name(), self.take(&entry.path())?);
            }
            let node = self.nodes.get_mut(id).expect("it was just put there");
            *node = Node::Folder {
                now: names.clone(),
                safe: names,
                pending: Vec::new(),
            };
        } else {
            self.nodes.push(file(std::fs::read(path)?));
        }
        Ok(id)
    }

    fn apply_one(&mut self, operation: &Operation) {
        let path = operation.path.as_path();
        match &operation.deed {
            Deed::Read | Deed::Said(_) => {}
            Deed::Create => {
                let node = self.add(file(Vec::new()));
                self.by_inode.insert(operation.inode, node);
                self.change_names(path, |name| NameChange::Add { name, node });
            }
            Deed::MakeFolder => {
                let node = self.add(folder());
                self.change_names(path, |name| NameChange::Add { name, node });
            }
            Deed::Resize { bytes } => {
                let length = index(*bytes);
                self.change_bytes(operation, Change::Resize { length });
            }
            Deed::Write { at, data } => {
                let (at, data) = (index(*at), data.clone());
                self.change_bytes(operation, Change::Write { at, data });
            }
            Deed::Sync => match self.node_of(operation) {
                Node::File { now, safe, pending } => {
                    safe.clone_from(now);
                    pending.clear();
                }
                Node::Folder { now, safe, pending } => {
                    safe.clone_from(now);
                    pending.clear();
                }
            },
            Deed::Link { to } => {
                let node = self.find(path).expect("what is linked is there");
                self.change_names(to, |name| NameChange::Add { name, node });
            }
            Deed::Rename { to } => {
                assert_eq!(path.parent(), to.parent(), "a move to another folder");
                let to = name_of(to);
                self.change_names(path, |from| NameChange::Move { from, to });
            }
            Deed::Remove | Deed::RemoveFolder => {
                self.change_names(path, |name| NameChange::Remove { name });
            }
        }
    }

    fn add(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    fn change_names(&mut self, path: &Path, change: impl FnOnce(OsString) -> NameChange) {
        let parent = self.find(path.parent().unwrap_or(Path::new("")));
        let parent = parent.and_then(|id| self.nodes.get_mut(id));
        let Some(Node::Folder { now, pending, .. }) = parent else {
            panic!("no folder for {}", path.display());
        };
        let change = change(name_of(path));
        rename(now, &change);
        pending.push(change);
    }

    fn change_bytes(&mut self, operation: &Operation, change: Change) {
        let Node::File { now, pending, .. } = self.node_of(operation) else {
            panic!("{} is no file", operation.path.display());
        };
        draw::carry_out(now, &change);
        pending.push(change);
    }

    /// By its inode, because a removed file has no path; folders by their paths.
    fn node_of(&mut self, operation: &Operation) -> &mut Node {
        let by_path = self.find(&operation.path);
        let is_folder = |id: &NodeId| matches!(self.nodes.get(*id), Some(Node::Folder { .. }));
        let id = by_path
            .filter(is_folder)
            .or_else(|| self.by_inode.get(&operation.inode).copied());
        id.and_then(|id| self.nodes.get_mut(id))
            .unwrap_or_else(|| panic!("{} was never made", operation.path.display()))
    }

    fn find(&self, path: &Path) -> Option<NodeId> {
        path.iter()
            .try_fold(TOP, |id, name| match self.nodes.get(id)? {
                Node::Folder { now, .. } => now.get(name).copied(),
                Node::File { .. } => None,
            })
    }
}

const fn folder() -> Node {
    Node::Folder {
        now: Names::new(),
        safe: Names::new(),
        pending: Vec::new(),
    }
}

fn file(bytes: Vec<u8>) -> Node {
    Node::File {
        now: bytes.clone(),
        safe: bytes,
        pending: Vec::new(),
    }
}

fn index(number: u64) -> usize {
    usize::try_from(number).expect("a file fits into memory")
}

fn name_of(path: &Path) -> OsString {
    path.file_name().map(OsStr::to_owned).unwrap_or_default()
}

fn rename(names: &mut Names, change: &NameChange) {
    match change {
        NameChange::Add { name, node } => {
            names.insert(name.clone(), *node);
        }
        NameChange::Remove { name } => {
            names.remove(name);
        }
        NameChange::Move { from, to } => {
            if let Some(node) = names.remove(from) {
                names.insert(to.clone(), node);
            }
        }
    }
}

/// A file's bytes or a folder's names in one state.
enum Drawn {
    File(Vec<u8>),
    Folder(Names),
}

fn lay_out(drawn: &[Drawn]) -> Tree {
    let mut tree = Tree::default();
    let mut left = vec![(PathBuf::new(), TOP)];
    while let Some((path, id)) = left.pop() {
        let bytes = match drawn.get(id) {
            Some(Drawn::File(bytes)) => Some(bytes.clone()),
            Some(Drawn::Folder(names)) => {
                left.extend(names.iter().map(|(name, id)| (path.join(name), *id)));
                None
            }
            None => continue,
        };
        if id != TOP {
            tree.entries.insert(path, bytes);
        }
    }
    tree
}
