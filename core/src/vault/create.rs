//! Making a new vault.

use std::collections::BTreeSet;

use super::anchor::{AnchorStore, Flush};
use super::anchoring::{choose_branch, store_anchor};
use super::build;
use super::entries::Entries;
use super::error::VaultError;
use super::file;
use super::format::{Realm, VaultId};
use super::kdf::KdfParams;
use super::keys::VaultKey;
use super::location::VaultLocation;
use super::lock::Hold;
use super::manifest::Stamps;
use super::meta::{meta_digest, store_meta};
use super::open::{Parts, Vault};
use super::recovery::RecoveryCode;
use super::slot::load_slots;
use super::slots::{SlotSecret, make_slot, put_slot};
use super::state::{ManifestState, State};
use super::unlock::Content;
use super::ways::note_use;
use super::write::{Covered, Draft, Next, Sealer, begin, finish};
use crate::entropy::Entropy;
use crate::secret::Secret;
use crate::time::UnixSeconds;

/// How a new vault is unlocked: by a password, a recovery code, or both.
pub struct NewVault<'a> {
    /// The password.
    pub password: Option<&'a Secret>,
    /// The recovery code, which the person has written down or stored already.
    pub recovery: Option<&'a RecoveryCode>,
    /// What the password's key derivation costs.
    pub kdf: KdfParams,
}

/// Makes a vault and unlocks it. The recovery code must be safe before this is called.
pub(super) fn create(
    location: &VaultLocation,
    setup: &NewVault<'_>,
    anchors: Box<dyn AnchorStore>,
    entropy: Box<dyn Entropy>,
    now: UnixSeconds,
) -> Result<Vault, VaultError> {
    let vault = VaultId::generate(entropy.as_ref())?;
    let mut secrets = vec![];
    if let Some(password) = setup.password {
        secrets.push(SlotSecret::for_password(
            password,
            setup.kdf,
            entropy.as_ref(),
        )?);
    }
    if let Some(code) = setup.recovery {
        secrets.push(SlotSecret::for_recovery(code, entropy.as_ref())?);
    }
    let key = VaultKey::generate(entropy.as_ref(), 1)?;
    let keys = key.sealing_keys(vault);
    let realm = Realm::current(vault);
    let sealer = Sealer {
        realm,
        keys: &keys,
        epoch: key.epoch,
        entropy: entropy.as_ref(),
    };
    let next = Next {
        generation: 1,
        branch: choose_branch(anchors.as_ref(), vault, entropy.as_ref())?,
        stored: None,
        now,
    };
    let (written, lock) = build::create(location, |db| {
        super::schema::create_tables(db)?;
        let tx = begin(db)?;
        store_meta(&tx, realm, key.epoch)?;
        let mut draft = Draft {
            entries: Entries::new(),
            stamps: Stamps::new(),
            touched: BTreeSet::new(),
            sealed: 0,
        };
        for secret in &secrets {
            let (row, record) = make_slot(sealer, &key, secret, None, now)?;
            put_slot(&tx, sealer, &mut draft, &row, &record)?;
        }
        // Making the vault is the first use of the way that it stays open by.
        if let Some(first) = secrets.first() {
            note_use(&tx, first.id, now)?;
        }
        let slots = load_slots(&tx)?.rows;
        let covered = Covered {
            slots: &slots,
            meta: meta_digest(&tx)?,
        };
        let written = finish(&tx, sealer, draft, &ManifestState::default(), covered, next)?;
        tx.commit()?;
        Ok(written)
    })?;
    let opened_by = secrets.into_iter().next().ok_or(VaultError::NoWayIn)?;
    // In hand until the vault is open: where that fails it is taken back.
    let guard = lock.duplicate()?;
    let opened = file::open_held(location, lock, Hold::Alone).and_then(|file| {
        let anchor = store_anchor(anchors.as_ref(), vault, &written, Flush::Now);
        let state = State::load(&file.db, realm, &keys, anchor.as_ref())?;
        Ok((file, anchor, state))
    });
    let (file, anchor, state) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            build::take_back(location);
            // A file that was made a moment ago was not damaged since: the disk failed while it was written.
            return Err(match error {
                VaultError::DamagedData => VaultError::Io,
                other => other,
            });
        }
    };
    drop(guard);
    let parts = Parts {
        file,
        realm,
        location: location.clone(),
        anchors,
        entropy,
    };
    let content = Content {
        key,
        keys,
        state,
        anchor,
        opened_by,
    };
    Ok(Vault::assemble(parts, content, now))
}
