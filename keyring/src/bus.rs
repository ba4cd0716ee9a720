//! A Secret Service at the other end of D-Bus.
//!
//! The service's crate is asynchronous; the runtime lives here, on the caller's thread, and ends with the connection.
//! What the keyring holds crosses the bus encrypted, under a key that the two ends agree on.

use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;

use countersign_core::secret::Secret;
use secret_service::{EncryptionType, Error, SecretService};
use tokio::runtime::{Builder, Runtime};
use zbus::zvariant::OwnedObjectPath;

use crate::service::{Attributes, Collection, Denied, Item, Service};

/// What every item is called in a list of the keyring.
const LABEL: &str = "Countersign: unlock key";
/// Text, for the keyrings that keep nothing else well.
const CONTENT_TYPE: &str = "text/plain";

/// How long an answer may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Of a program.
    pub(crate) answer: Duration,
    /// Of a program that may ask a person first.
    pub(crate) prompt: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(5),
            prompt: Duration::from_secs(25),
        }
    }
}

/// An open connection with a session of the service.
pub(crate) struct Bus {
    service: Option<SecretService<'static>>,
    runtime: Option<Runtime>,
    limits: Limits,
}

impl Bus {
    /// Connects to the bus at `address`, or to the session's own, and to the service on it.
    pub(crate) fn connect(address: Option<&str>, limits: Limits) -> Result<Self, Denied> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|_| Denied::NoAnswer)?;
        // Made before anything is asked, so that a failure too ends the runtime without waiting for it.
        let mut bus = Self {
            service: None,
            runtime: Some(runtime),
            limits,
        };
        let connected = bus.wait(limits.answer, async {
            let builder = match address {
                Some(address) => zbus::connection::Builder::address(address)?,
                None => zbus::connection::Builder::session()?,
            };
            SecretService::connect_with_existing(EncryptionType::Dh, builder.build().await?).await
        })?;
        bus.service = Some(connected);
        Ok(bus)
    }

    fn service(&self) -> Result<&SecretService<'_>, Denied> {
        self.service.as_ref().ok_or(Denied::NoAnswer)
    }

    fn wait<T>(
        &self,
        limit: Duration,
        answer: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Denied> {
        let runtime = self.runtime.as_ref().ok_or(Denied::NoAnswer)?;
        runtime
            .block_on(async { tokio::time::timeout(limit, answer).await })
            .map_err(|_| Denied::NoAnswer)?
            .map_err(|error| denied(&error))
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Ends of connections and watches are tasks, and tasks need their runtime.
            let entered = runtime.enter();
            self.service = None;
            drop(entered);
            // A name that is still being looked up would be waited for.
            runtime.shutdown_background();
        }
    }
}

/// What an error of the service means; its words are dropped here.
fn denied(error: &Error) -> Denied {
    match error {
        Error::Prompt => Denied::Dismissed,
        _ => Denied::NoAnswer,
    }
}

fn path(text: &str) -> Result<OwnedObjectPath, Error> {
    OwnedObjectPath::try_from(text).map_err(|error| Error::Zbus(error.into()))
}

fn map(attributes: &Attributes) -> HashMap<&str, &str> {
    HashMap::from(attributes.pairs())
}

impl Service for Bus {
    fn default_collection(&self) -> Result<Option<Collection>, Denied> {
        let service = self.service()?;
        self.wait(self.limits.answer, async {
            match service.get_default_collection().await {
                Ok(found) => Ok(Some(Collection(found.collection_path.to_string()))),
                Err(Error::NoResult) => Ok(None),
                Err(error) => Err(error),
            }
        })
    }

    fn collections(&self) -> Result<Vec<Collection>, Denied> {
        let service = self.service()?;
        self.wait(self.limits.answer, async {
            let all = service.get_all_collections().await?;
            let paths = all.iter().map(|one| one.collection_path.to_string());
            Ok(paths.map(Collection).collect())
        })
    }

    fn is_locked(&self, collection: &Collection) -> Result<bool, Denied> {
        let service = self.service()?;
        self.wait(self.limits.answer, async {
            let collection = service.get_collection_by_path(path(&collection.0)?).await?;
            collection.is_locked().await
        })
    }

    fn unlock(&self, collection: &Collection) -> Result<(), Denied> {
        let service = self.service()?;
        self.wait(self.limits.prompt, async {
            let collection = service.get_collection_by_path(path(&collection.0)?).await?;
            collection.unlock().await
        })
    }

    fn search(&self, collection: &Collection, wanted: &Attributes) -> Result<Vec<Item>, Denied> {
        let service = self.service()?;
        self.wait(self.limits.answer, async {
            let collection = service.get_collection_by_path(path(&collection.0)?).await?;
            let found = collection.search_items(map(wanted)).await?;
            let paths = found.iter().map(|item| item.item_path.to_string());
            Ok(paths.map(Item).collect())
        })
    }

    fn create(
        &self,
        collection: &Collection,
        attributes: &Attributes,
        text: &Secret,
    ) -> Result<Item, Denied> {
        let service = self.service()?;
        self.wait(self.limits.prompt, async {
            let collection = service.get_collection_by_path(path(&collection.0)?).await?;
            // EXPOSE: this is where the keyring is given its key, encrypted for the way.
            let item = collection
                .create_item(LABEL, map(attributes), text.expose(), false, CONTENT_TYPE)
                .await?;
            Ok(Item(item.item_path.to_string()))
        })
    }

    fn read(&self, item: &Item) -> Result<Secret, Denied> {
        let service = self.service()?;
        self.wait(self.limits.prompt, async {
            let item = service.get_item_by_path(path(&item.0)?).await?;
            // Some keyrings lock each item until the person lets this program have it.
            if item.is_locked().await? {
                item.unlock().await?;
            }
            item.get_secret().await.map(Secret::new)
        })
    }

    fn delete(&self, item: &Item, attributes: &Attributes) -> Result<(), Denied> {
        let service = self.service()?;
        self.wait(self.limits.prompt, async {
            let item = service.get_item_by_path(path(&item.0)?).await?;
            if item.is_locked().await? {
                item.unlock().await?;
            }
            // A search that found too much must not cost anybody a password.
            let found = item.get_attributes().await?;
            let is_ours =
                |(name, value): &(&str, &str)| found.get(*name).is_some_and(|found| found == value);
            if !attributes.pairs().iter().all(is_ours) {
                return Err(Error::NoResult);
            }
            item.delete().await
        })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn only_a_dismissed_prompt_is_a_refusal_of_the_person() {
        assert_eq!(denied(&Error::Prompt), Denied::Dismissed);
        for error in [
            Error::Crypto("MARKED"),
            Error::Zbus(zbus::Error::Failure("MARKED".to_owned())),
            Error::ZbusFdo(zbus::fdo::Error::AccessDenied("MARKED".to_owned())),
            Error::Locked,
            Error::NoResult,
            Error::PromptDisconnected,
            Error::Unavailable,
        ] {
            let denied = denied(&error);
            assert_eq!(denied, Denied::NoAnswer);
            assert!(!format!("{denied:?}").contains("MARKED"));
        }
    }

    #[test]
    fn a_bus_that_accepts_and_says_nothing_is_left_in_time() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("bus");
        // Whoever connects is accepted by the kernel and waits.
        let _listener = UnixListener::bind(&socket).unwrap();
        let limits = Limits {
            answer: Duration::from_millis(50),
            prompt: Duration::from_millis(50),
        };
        let address = format!("unix:path={}", socket.display());
        let connected = Bus::connect(Some(&address), limits);
        assert_eq!(connected.err(), Some(Denied::NoAnswer));
    }

    #[test]
    fn an_address_that_leads_nowhere_is_refused() {
        for address in [
            "",
            "MARKED",
            "unix:path=/nonexistent/bus",
            "tcp:host=,port=0",
        ] {
            let connected = Bus::connect(Some(address), Limits::default());
            assert_eq!(connected.err(), Some(Denied::NoAnswer), "{address:?}");
        }
    }

    #[test]
    fn a_path_that_is_none_is_refused() {
        for text in ["", "collection", "/a//b", "/a/", "/\u{e9}"] {
            assert!(path(text).is_err(), "{text:?}");
        }
        assert!(path("/org/freedesktop/secrets/collection/login").is_ok());
    }
}
