//! Opens a vault, shows what a person looks at, locks it, and waits to be looked at: the test of what a locked program
//! still has in its memory (F17). It has the allocator of the programs that are shipped.
#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test's own program ends where it is surprised"
)]

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::path::Path;

use countersign_core::companion::Companion;
use countersign_core::entropy::SystemEntropy;
use countersign_core::secret::Secret;
use countersign_core::time::UnixSeconds;
use countersign_core::vault::{Credential, NoAnchor, VaultLocation};
use zeroize::Zeroizing;

#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

const NOW: UnixSeconds = UnixSeconds(1_800_000_000);

fn main() {
    let path = std::env::args_os().nth(1).unwrap();
    // Not by the library's own buffered reader, which would keep the password for ever.
    let mut input = File::from(std::io::stdin().as_fd().try_clone_to_owned().unwrap());
    let mut length = [0; 1];
    input.read_exact(&mut length).unwrap();
    let mut password = Zeroizing::new(vec![0; usize::from(length[0])]);
    input.read_exact(&mut password).unwrap();

    let locked = use_and_lock(Path::new(&path), &password);
    drop(password);
    println!("locked");
    std::io::stdout().flush().unwrap();
    // Until the test has looked.
    let _ = input.read(&mut length);
    drop(locked);
}

/// The stack of its own thread goes with it, as that of a shell's worker does.
fn use_and_lock(path: &Path, password: &[u8]) -> countersign_core::companion::LockedCompanion {
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| {
            let location = VaultLocation::new(path);
            let locked = Companion::open(
                &location,
                Box::new(NoAnchor),
                Box::new(SystemEntropy::new()),
            )
            .unwrap();
            let secret = Secret::copy_of(password);
            let mut companion = locked.unlock(&Credential::Password(&secret), NOW).unwrap();
            let rows = companion.list(NOW);
            assert_eq!(rows.len(), 1);
            let id = rows.first().unwrap().id;
            drop(companion.export_uri(id).unwrap());
            assert_eq!(companion.search("ann", NOW).len(), 1);
            assert_eq!(companion.codes(NOW).len(), 1);
            companion.check().unwrap();
            companion.lock()
        });
        worker.join().unwrap()
    })
}
