//! What the vault survives: `kill -9`, power cuts, full and failing disks, and other processes. The faults happen below
//! a child (`countersign_tests::faults`) that does real work on a real vault and says what it has promised.
#![forbid(unsafe_code)]
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test ends where it is surprised, and says what it has seen"
)]

#[path = "faults/f10_failing_disk.rs"]
mod f10_failing_disk;
#[path = "faults/f10_making.rs"]
mod f10_making;
#[path = "faults/f11_late_anchors.rs"]
mod f11_late_anchors;
#[path = "faults/f11_together.rs"]
mod f11_together;
#[path = "faults/f13_migration.rs"]
mod f13_migration;
#[path = "faults/f8_kill.rs"]
mod f8_kill;
#[path = "faults/f9_power_cut.rs"]
mod f9_power_cut;
#[path = "faults/harness.rs"]
mod harness;
#[path = "faults/outcome.rs"]
mod outcome;
#[path = "faults/scene.rs"]
mod scene;
#[path = "faults/script.rs"]
mod script;
