//! The key in the desktop's keyring: a real GNOME Keyring on a bus of its own.
#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    reason = "the whole file is a test, its functions too"
)]

#[path = "keyring/desktop.rs"]
mod desktop;

use std::process::Command;
use std::time::{Duration, Instant};

use countersign_core::entropy::SystemEntropy;
use countersign_core::secret::Secret;
use countersign_core::vault::{
    PlatformContext, PlatformKey as _, PlatformKeyError, RecordId, VaultId,
};
use countersign_keyring::DesktopKeyring;
use rustix::process::Signal;

use desktop::Desktop;

/// What a program without a bus or a keyring may take to say so.
const AT_ONCE: Duration = Duration::from_secs(3);
/// The same for one whose keyring does not answer: it waits 5 seconds.
const IN_TIME: Duration = Duration::from_secs(12);
/// The variable that makes a test of this program say whether the session has a keyring, by its exit code.
const ASKED: &str = "COUNTERSIGN_IS_KEYRING_REACHABLE";
const REACHABLE: i32 = 40;
const NOT_REACHABLE: i32 = 41;

fn context() -> PlatformContext {
    let entropy = SystemEntropy::new();
    PlatformContext {
        vault: VaultId::generate(&entropy).unwrap(),
        slot: RecordId::generate(&entropy).unwrap(),
    }
}

fn secret() -> Secret {
    Secret::copy_of(b"MARKED! a slot has 32 bytes here")
}

/// A desktop with one wrapped secret.
fn prepared() -> Option<(Desktop, PlatformContext, Vec<u8>)> {
    let desktop = Desktop::with_keyring()?;
    let context = context();
    let wrapped = desktop.keyring().wrap(&context, &secret()).unwrap();
    Some((desktop, context, wrapped))
}

/// All three requests, none of which may succeed or say that the key is gone.
fn assert_nothing_is_known(keyring: &DesktopKeyring, context: &PlatformContext, wrapped: &[u8]) {
    for error in [
        keyring.unwrap(context, wrapped).unwrap_err(),
        keyring.wrap(context, &secret()).unwrap_err(),
        keyring.forget(context).unwrap_err(),
    ] {
        assert_eq!(error, PlatformKeyError::NotAvailable);
    }
}

#[test]
fn a_wrapped_secret_opens_again_also_after_the_keyring_was_restarted() {
    let Some((mut desktop, context, wrapped)) = prepared() else {
        return;
    };
    assert!(desktop.keyring().is_reachable());
    let read = desktop.keyring().unwrap(&context, &wrapped);
    assert_eq!(read, Ok(secret()));
    desktop.stop_keyring();
    desktop.start_keyring();
    let read = desktop.keyring().unwrap(&context, &wrapped);
    assert_eq!(read, Ok(secret()));
    assert!(!wrapped.windows(7).any(|bytes| bytes == b"MARKED!"));
}

#[test]
fn the_keyring_shows_a_label_and_ids_and_nothing_else() {
    let Some((desktop, context, _)) = prepared() else {
        return;
    };
    let found = desktop.found(&["application", "countersign"]);
    let mut lines: Vec<&str> = found
        .lines()
        .filter(|line| {
            !["[", "created", "modified"]
                .iter()
                .any(|word| line.starts_with(word))
        })
        .collect();
    lines.sort_unstable();
    // The daemon adds the schema that every item has when it has read its own file again meanwhile; it says nothing of this one.
    lines.retain(|line| *line != "schema = org.freedesktop.Secret.Generic");
    let (vault, slot) = (context.vault, context.slot);
    let [application, slot_line, vault_line, label, key] = lines[..] else {
        panic!("{lines:?}");
    };
    assert_eq!(application, "attribute.application = countersign");
    assert_eq!(slot_line, format!("attribute.slot = {slot}"));
    assert_eq!(vault_line, format!("attribute.vault = {vault}"));
    assert_eq!(label, "label = Countersign: unlock key");
    let key = key.strip_prefix("secret = ").unwrap();
    assert_eq!(key.len(), 64);
    assert!(key.bytes().all(|digit| digit.is_ascii_hexdigit()));
}

#[test]
fn another_context_finds_no_key() {
    let Some((desktop, context, wrapped)) = prepared() else {
        return;
    };
    for other in [
        self::context(),
        PlatformContext {
            slot: self::context().slot,
            ..context
        },
    ] {
        let read = desktop.keyring().unwrap(&other, &wrapped);
        assert_eq!(read, Err(PlatformKeyError::Invalidated));
    }
    let read = desktop.keyring().unwrap(&context, &wrapped);
    assert_eq!(read, Ok(secret()));
}

#[test]
fn a_key_deleted_behind_our_back_is_gone() {
    let Some((desktop, context, wrapped)) = prepared() else {
        return;
    };
    desktop.clear(&["application", "countersign"]);
    let read = desktop.keyring().unwrap(&context, &wrapped);
    assert_eq!(read, Err(PlatformKeyError::Invalidated));
    assert_eq!(desktop.found(&["application", "countersign"]), "");
}

#[test]
fn an_item_that_somebody_changed_is_gone() {
    let Some((desktop, context, wrapped)) = prepared() else {
        return;
    };
    let (vault, slot) = (context.vault.to_string(), context.slot.to_string());
    let attributes = ["application", "countersign", "vault", &vault, "slot", &slot];
    for text in ["", "not a key", &"0".repeat(64)] {
        desktop.clear(&attributes);
        desktop.store("Countersign: unlock key", &attributes, text);
        let read = desktop.keyring().unwrap(&context, &wrapped);
        assert_eq!(read, Err(PlatformKeyError::Invalidated), "{text:?}");
    }
}

#[test]
fn nothing_else_in_the_keyring_is_touched() {
    let Some(desktop) = Desktop::with_keyring() else {
        return;
    };
    let keyring = desktop.keyring();
    let mail = ["server", "mail.example", "application", "mail"];
    desktop.store("Mail", &mail, "a password");
    let (first, second) = (context(), context());
    let wrapped = keyring.wrap(&first, &secret()).unwrap();
    keyring.wrap(&second, &secret()).unwrap();
    // Wrapping again replaces nothing.
    let again = keyring.wrap(&first, &secret()).unwrap();
    assert_eq!(keyring.unwrap(&first, &wrapped), Ok(secret()));
    assert_eq!(keyring.unwrap(&first, &again), Ok(secret()));

    assert_eq!(keyring.forget(&second), Ok(()));
    assert_eq!(keyring.unwrap(&first, &wrapped), Ok(secret()));
    assert_eq!(keyring.forget(&first), Ok(()));
    assert_eq!(keyring.forget(&first), Ok(()));
    let read = keyring.unwrap(&first, &wrapped);
    assert_eq!(read, Err(PlatformKeyError::Invalidated));

    assert_eq!(desktop.found(&["application", "countersign"]), "");
    let found = desktop.found(&mail);
    assert!(found.contains("label = Mail") && found.contains("secret = a password"));
}

#[test]
fn a_keyring_that_was_killed_tells_nothing_about_its_keys() {
    let Some((mut desktop, context, wrapped)) = prepared() else {
        return;
    };
    desktop.stop_keyring();
    let began = Instant::now();
    assert!(!desktop.keyring().is_reachable());
    assert_nothing_is_known(&desktop.keyring(), &context, &wrapped);
    assert!(began.elapsed() < AT_ONCE);
    desktop.start_keyring();
    let read = desktop.keyring().unwrap(&context, &wrapped);
    assert_eq!(read, Ok(secret()));
}

#[test]
fn a_keyring_that_hangs_is_left_in_time() {
    let Some((desktop, context, wrapped)) = prepared() else {
        return;
    };
    desktop.signal_keyring(Signal::STOP);
    let began = Instant::now();
    let read = desktop.keyring().unwrap(&context, &wrapped);
    assert!(began.elapsed() < IN_TIME);
    assert_eq!(read, Err(PlatformKeyError::NotAvailable));
    desktop.signal_keyring(Signal::CONT);
    let read = desktop.keyring().unwrap(&context, &wrapped);
    assert_eq!(read, Ok(secret()));
}

#[test]
fn a_locked_keyring_that_cannot_ask_tells_nothing_about_its_keys() {
    let Some((mut desktop, context, wrapped)) = prepared() else {
        return;
    };
    desktop.stop_keyring();
    desktop.start_locked_keyring();
    let keyring = desktop.keyring();
    assert!(keyring.is_reachable(), "it is there, though locked");
    for result in [
        keyring.unwrap(&context, &wrapped).map(drop),
        keyring.wrap(&context, &secret()).map(drop),
        keyring.forget(&context),
    ] {
        let error = result.unwrap_err();
        let is_for_now = matches!(
            error,
            PlatformKeyError::Cancelled | PlatformKeyError::NotAvailable
        );
        assert!(is_for_now, "{error:?}");
    }
    desktop.stop_keyring();
    desktop.start_keyring();
    let read = desktop.keyring().unwrap(&context, &wrapped);
    assert_eq!(read, Ok(secret()));
}

#[test]
fn a_service_without_a_default_collection_gets_no_key() {
    let Some((mut desktop, context, wrapped)) = prepared() else {
        return;
    };
    desktop.stop_keyring();
    desktop.start_empty_keyring();
    assert!(!desktop.keyring().is_reachable());
    let keyring = desktop.keyring();
    for result in [
        keyring.unwrap(&context, &wrapped).map(drop),
        keyring.wrap(&context, &secret()).map(drop),
    ] {
        assert_eq!(result, Err(PlatformKeyError::NotAvailable));
    }
    assert_eq!(desktop.found(&["application", "countersign"]), "");
}

#[test]
fn without_a_bus_nothing_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("unix:path={}", folder.path().join("bus").display());
    let keyring = DesktopKeyring::on_bus(&address);
    let began = Instant::now();
    assert!(!keyring.is_reachable());
    assert_nothing_is_known(&keyring, &context(), &[1; 77]);
    assert!(began.elapsed() < AT_ONCE);
}

#[test]
fn the_sessions_keyring_is_found_by_the_environment() {
    if std::env::var_os(ASKED).is_some() {
        let is_reachable = DesktopKeyring::new().is_reachable();
        std::process::exit(if is_reachable {
            REACHABLE
        } else {
            NOT_REACHABLE
        });
    }
    let asked = |environment: &[(&str, &str)]| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args([
                "--exact",
                "the_sessions_keyring_is_found_by_the_environment",
            ])
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .env_remove("XDG_RUNTIME_DIR")
            .env(ASKED, "1")
            .envs(environment.iter().copied());
        command.output().unwrap().status.code()
    };
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().to_str().unwrap();
    let began = Instant::now();
    for environment in [
        &[("XDG_RUNTIME_DIR", empty)][..],
        &[("XDG_RUNTIME_DIR", empty), ("DBUS_SESSION_BUS_ADDRESS", "")],
        &[("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")],
        &[("DBUS_SESSION_BUS_ADDRESS", "disabled:")],
    ] {
        assert_eq!(asked(environment), Some(NOT_REACHABLE), "{environment:?}");
    }
    assert!(began.elapsed() < AT_ONCE);
    let Some(desktop) = Desktop::with_keyring() else {
        return;
    };
    let by_address = [("DBUS_SESSION_BUS_ADDRESS", desktop.address())];
    assert_eq!(asked(&by_address), Some(REACHABLE));
    let by_folder = [("XDG_RUNTIME_DIR", desktop.runtime_folder())];
    assert_eq!(asked(&by_folder), Some(REACHABLE));
}
