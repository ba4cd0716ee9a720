//! What a keyring's answers mean for a slot.
//!
//! One rule stands over all of them: "gone for good" is said only by a keyring that was asked the right question, in the
//! collection where the key was put, while that collection was unlocked. Everything else is "not now".

use countersign_core::entropy::Entropy;
use countersign_core::secret::Secret;
use countersign_core::vault::{PlatformContext, PlatformKeyError};

use crate::service::{Attributes, Collection, Denied, Item, Service};
use crate::wrapped::{Mark, NotWrapped, Wrapped, WrappingKey};

/// More items than this with one slot's attributes are not read: there is one, or somebody plays games.
const ITEMS_MAX: usize = 8;

impl From<NotWrapped> for PlatformKeyError {
    fn from(not_wrapped: NotWrapped) -> Self {
        match not_wrapped {
            NotWrapped::OtherVersion => Self::NotAvailable,
            NotWrapped::TooShort => Self::Invalidated,
        }
    }
}

/// [`countersign_core::vault::PlatformKey::wrap`]
pub(crate) fn wrap(
    service: &dyn Service,
    entropy: &dyn Entropy,
    context: &PlatformContext,
    secret: &Secret,
) -> Result<Vec<u8>, PlatformKeyError> {
    let collection = service
        .default_collection()?
        .ok_or(PlatformKeyError::NotAvailable)?;
    unlock(service, &collection)?;
    let no_randomness = |_| PlatformKeyError::NotAvailable;
    let key = WrappingKey::generate(entropy).map_err(no_randomness)?;
    let wrapped = key
        .seal(Mark::of(&collection), context, secret, entropy)
        .map_err(no_randomness)?;
    let attributes = Attributes::new(context);
    let item = service.create(&collection, &attributes, &key.format())?;
    match unwrap(service, context, &wrapped) {
        Ok(read) if read == *secret => Ok(wrapped),
        unread => {
            // Only what was made here: another item with these attributes may be a key in use.
            let _ = service.delete(&item, &attributes);
            match unread {
                Err(PlatformKeyError::Cancelled) => Err(PlatformKeyError::Cancelled),
                // A key that cannot be read back at once was never there, so it is not gone either.
                _ => Err(PlatformKeyError::NotAvailable),
            }
        }
    }
}

/// [`countersign_core::vault::PlatformKey::unwrap`]
pub(crate) fn unwrap(
    service: &dyn Service,
    context: &PlatformContext,
    wrapped: &[u8],
) -> Result<Secret, PlatformKeyError> {
    let wrapped = Wrapped::parse(wrapped)?;
    let collection = with_mark(service, wrapped.mark())?.ok_or(PlatformKeyError::NotAvailable)?;
    unlock(service, &collection)?;
    let items = service.search(&collection, &Attributes::new(context))?;
    if let Some(secret) = open_any(service, context, &wrapped, &items)? {
        return Ok(secret);
    }
    // Locked while it was looked through, it shows nothing, and that says nothing.
    if service.is_locked(&collection)? {
        return Err(PlatformKeyError::NotAvailable);
    }
    Err(PlatformKeyError::Invalidated)
}

/// Deletes what [`wrap`] stored, wherever it can be seen.
pub(crate) fn forget(
    service: &dyn Service,
    context: &PlatformContext,
) -> Result<(), PlatformKeyError> {
    let attributes = Attributes::new(context);
    let default = service.default_collection()?;
    let (mut is_deleted, mut is_all_seen) = (false, true);
    for collection in all(service, default.as_ref())? {
        if default.as_ref() == Some(&collection) {
            unlock(service, &collection)?;
        } else if service.is_locked(&collection)? {
            // Nobody is asked for the passwords of all keyrings there are.
            is_all_seen = false;
            continue;
        }
        for item in service.search(&collection, &attributes)? {
            service.delete(&item, &attributes)?;
            is_deleted = true;
        }
    }
    if is_deleted || is_all_seen {
        Ok(())
    } else {
        Err(PlatformKeyError::NotAvailable)
    }
}

/// Makes sure that a collection is unlocked.
fn unlock(service: &dyn Service, collection: &Collection) -> Result<(), PlatformKeyError> {
    if service.is_locked(collection)? {
        service.unlock(collection)?;
        if service.is_locked(collection)? {
            return Err(PlatformKeyError::NotAvailable);
        }
    }
    Ok(())
}

/// The collection that a key was put in, looked for first where new keys go.
fn with_mark(service: &dyn Service, mark: Mark) -> Result<Option<Collection>, Denied> {
    let default = service.default_collection()?;
    if let Some(collection) = default.filter(|collection| Mark::of(collection) == mark) {
        return Ok(Some(collection));
    }
    let mut all = service.collections()?.into_iter();
    Ok(all.find(|collection| Mark::of(collection) == mark))
}

/// All collections; the default one first, also where a service does not list it.
fn all(service: &dyn Service, default: Option<&Collection>) -> Result<Vec<Collection>, Denied> {
    let others = service.collections()?.into_iter();
    let others = others.filter(|collection| Some(collection) != default);
    Ok(default.cloned().into_iter().chain(others).collect())
}

/// The secret from the first item that opens it; none when all were read and none does.
fn open_any(
    service: &dyn Service,
    context: &PlatformContext,
    wrapped: &Wrapped<'_>,
    items: &[Item],
) -> Result<Option<Secret>, PlatformKeyError> {
    let mut is_all_read = items.len() <= ITEMS_MAX;
    for item in items.iter().take(ITEMS_MAX) {
        match service.read(item) {
            Ok(text) => {
                let key = WrappingKey::parse(&text);
                if let Some(secret) = key.and_then(|key| wrapped.open(&key, context)) {
                    return Ok(Some(secret));
                }
            }
            Err(Denied::Dismissed) => return Err(PlatformKeyError::Cancelled),
            Err(Denied::NoAnswer) => is_all_read = false,
        }
    }
    if is_all_read {
        Ok(None)
    } else {
        Err(PlatformKeyError::NotAvailable)
    }
}

#[cfg(test)]
mod desk;
#[cfg(test)]
mod tests;
