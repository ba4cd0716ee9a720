//! A Secret Service for tests, that does what it is told to.

use std::cell::{Cell, RefCell};

use countersign_core::secret::Secret;
use countersign_core::vault::PlatformContext;

use crate::service::{Attributes, Collection, Denied, Item, Service};

/// What a person does when a collection is to be unlocked.
#[derive(Clone, Copy)]
pub(super) enum Person {
    Unlocks,
    Dismisses,
    /// Is told that it is open, and it is not.
    Fails,
    Leaves,
}

/// One collection of [`Desk`].
pub(super) struct Drawer {
    pub(super) path: &'static str,
    pub(super) is_locked: bool,
    /// Path, attributes and text of each item.
    pub(super) items: Vec<(String, Attributes, Vec<u8>)>,
}

/// A Secret Service on a desk.
pub(super) struct Desk {
    pub(super) drawers: RefCell<Vec<Drawer>>,
    pub(super) default: Option<&'static str>,
    pub(super) person: Person,
    /// Which calls get no answer, by name.
    pub(super) silent: Vec<&'static str>,
    /// What comes of reading any item.
    pub(super) reading: Result<(), Denied>,
    /// Locks everything at the moment of a search.
    pub(super) locks_at_search: bool,
    /// Hands out these bytes in place of what it was given.
    pub(super) swaps: Option<&'static [u8]>,
    pub(super) calls: Cell<u32>,
    pub(super) made: Cell<u32>,
}

impl Desk {
    pub(super) fn new() -> Self {
        Self {
            drawers: RefCell::new(vec![drawer("/login"), drawer("/session")]),
            default: Some("/login"),
            person: Person::Unlocks,
            silent: Vec::new(),
            reading: Ok(()),
            locks_at_search: false,
            swaps: None,
            calls: Cell::new(0),
            made: Cell::new(0),
        }
    }

    fn answer(&self, call: &str) -> Result<(), Denied> {
        self.calls.set(self.calls.get() + 1);
        if self.silent.contains(&call) {
            Err(Denied::NoAnswer)
        } else {
            Ok(())
        }
    }

    fn in_drawer<T>(&self, path: &str, work: impl FnOnce(&mut Drawer) -> T) -> Result<T, Denied> {
        let mut drawers = self.drawers.borrow_mut();
        let found = drawers.iter_mut().find(|drawer| drawer.path == path);
        found.map(work).ok_or(Denied::NoAnswer)
    }

    pub(super) fn lock(&self, is_locked: bool) {
        for drawer in self.drawers.borrow_mut().iter_mut() {
            drawer.is_locked = is_locked;
        }
    }

    /// How many items there are.
    pub(super) fn count(&self) -> usize {
        let drawers = self.drawers.borrow();
        drawers.iter().map(|drawer| drawer.items.len()).sum()
    }

    /// Puts an item in beside the others.
    pub(super) fn plant(&self, context: &PlatformContext, text: &[u8]) {
        let text = Secret::copy_of(text);
        let login = Collection("/login".to_owned());
        self.create(&login, &Attributes::new(context), &text)
            .unwrap();
    }
}

pub(super) fn drawer(path: &'static str) -> Drawer {
    Drawer {
        path,
        is_locked: false,
        items: Vec::new(),
    }
}

impl Service for Desk {
    fn default_collection(&self) -> Result<Option<Collection>, Denied> {
        self.answer("default")?;
        Ok(self.default.map(|path| Collection(path.to_owned())))
    }

    fn collections(&self) -> Result<Vec<Collection>, Denied> {
        self.answer("collections")?;
        let drawers = self.drawers.borrow();
        let all = drawers.iter().map(|one| Collection(one.path.to_owned()));
        Ok(all.collect())
    }

    fn is_locked(&self, collection: &Collection) -> Result<bool, Denied> {
        self.answer("is_locked")?;
        self.in_drawer(&collection.0, |drawer| drawer.is_locked)
    }

    fn unlock(&self, collection: &Collection) -> Result<(), Denied> {
        self.answer("unlock")?;
        match self.person {
            Person::Unlocks => self.in_drawer(&collection.0, |drawer| drawer.is_locked = false),
            Person::Dismisses => Err(Denied::Dismissed),
            Person::Fails => Ok(()),
            Person::Leaves => Err(Denied::NoAnswer),
        }
    }

    fn search(&self, collection: &Collection, wanted: &Attributes) -> Result<Vec<Item>, Denied> {
        self.answer("search")?;
        if self.locks_at_search {
            self.lock(true);
        }
        self.in_drawer(&collection.0, |drawer| {
            let is_found = |item: &&(String, Attributes, Vec<u8>)| item.1 == *wanted;
            let found = drawer.items.iter().filter(is_found);
            let found = found.map(|(path, ..)| Item(path.clone()));
            if drawer.is_locked {
                Vec::new()
            } else {
                found.collect()
            }
        })
    }

    fn create(
        &self,
        collection: &Collection,
        attributes: &Attributes,
        text: &Secret,
    ) -> Result<Item, Denied> {
        self.answer("create")?;
        self.made.set(self.made.get() + 1);
        let path = format!("{}/{}", collection.0, self.made.get());
        let text = self.swaps.unwrap_or(text.expose()).to_vec();
        self.in_drawer(&collection.0, |drawer| {
            let item = (path.clone(), attributes.clone(), text);
            drawer.items.push(item);
            Item(path)
        })
    }

    fn read(&self, item: &Item) -> Result<Secret, Denied> {
        self.answer("read")?;
        self.reading?;
        let drawers = self.drawers.borrow();
        let mut all = drawers.iter().flat_map(|drawer| &drawer.items);
        all.find(|(path, ..)| *path == item.0)
            .map(|(.., text)| Secret::copy_of(text))
            .ok_or(Denied::NoAnswer)
    }

    fn delete(&self, item: &Item, attributes: &Attributes) -> Result<(), Denied> {
        self.answer("delete")?;
        for drawer in self.drawers.borrow_mut().iter_mut() {
            let is_kept = |(path, found, _): &(String, Attributes, Vec<u8>)| {
                *path != item.0 || found != attributes
            };
            drawer.items.retain(is_kept);
        }
        Ok(())
    }
}
