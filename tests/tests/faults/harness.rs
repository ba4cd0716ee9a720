//! The harness itself: it does what it says, so that a fault that finds nothing means something.

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;

use countersign_tests::chance::{Chance, for_each_seed};
use countersign_tests::faults::child::Ended;
use countersign_tests::faults::disk::Disk;
use countersign_tests::faults::plan::{Class, Errno, Fault, Lasting, Moment, Plan};
use countersign_tests::faults::trace::{Deed, Operation, count};
use countersign_tests::faults::tree::Tree;

use crate::scene::{Scene, file_writer};

const SIGKILL: i32 = 9;
/// The right way to replace a file.
const CAREFUL: [&str; 4] = ["write=new:fresh", "sync=new", "rename=new:file", "sync="];

fn run(scene: &Scene, steps: &[&str], plan: Option<Plan>) -> Ended {
    let mut command = file_writer(&scene.watched(), steps);
    scene.watch(plan).run(&mut command)
}

fn plan(class: Class, number: u64, fault: Fault) -> Option<Plan> {
    Some(Plan {
        class,
        number,
        fault,
    })
}

fn deeds(trace: &[Operation]) -> Vec<&Deed> {
    let changes = trace.iter().filter(|operation| operation.is_in(Class::Any));
    changes.map(|operation| &operation.deed).collect()
}

#[test]
fn a_trace_holds_every_operation_in_order_and_what_was_said_between() {
    let scene = Scene::empty();
    let steps = ["write=a:hello", "sync=a", "rename=a:b", "sync=", "link=b:c"];
    let more = ["copy=b:d", "cut=d", "remove=c", "folder=e", "read=b"];
    let ended = run(&scene, &[steps, more].concat(), None);
    let data = |text: &str| text.as_bytes().to_vec();
    let (hello, to) = (data("hello"), |path: &str| path.into());
    let write = Deed::Write { at: 0, data: hello };
    let done = deeds(&ended.trace);
    let changes: Vec<&Deed> = done
        .into_iter()
        .filter(|deed| **deed != Deed::Read)
        .collect();
    let expected = [
        &Deed::Create,
        &write,
        &Deed::Sync,
        &Deed::Rename { to: to("b") },
        &Deed::Sync,
        &Deed::Link { to: to("c") },
        &Deed::Create,
        &write,
        &Deed::Resize { bytes: 1 },
        &Deed::Remove,
        &Deed::MakeFolder,
    ];
    assert_eq!(changes, expected);
    assert!(count(&ended.trace, Class::Read) > 0);
    assert_eq!(ended.said.len(), 10);
    let said = |operation: &Operation| operation.deed == Deed::Said("done sync=a\n".to_owned());
    let at = ended.trace.iter().position(said).unwrap();
    assert_eq!(count(&ended.trace[..at], Class::Change), 3);
}

#[test]
fn a_trace_repeated_in_full_gives_the_folder_byte_for_byte() {
    let scene = Scene::empty();
    run(
        &scene,
        &["write=old:before", "folder=f", "write=f/g:x"],
        None,
    );
    let mut disk = Disk::of(&scene.watched()).unwrap();
    let steps = [
        "write=old:after",
        "link=old:f/h",
        "write=n:1",
        "rename=n:old",
    ];
    let more = ["copy=f/h:c", "cut=c", "remove=f/g", "write=f/g:again"];
    let ended = run(&scene, &[steps, more].concat(), None);
    disk.apply(&ended.trace);
    assert_eq!(disk.shown(), scene.tree());
}

#[test]
fn a_child_is_killed_before_in_and_after_the_operation_that_is_named() {
    for number in 1..=5 {
        for (moment, done) in [
            (Moment::Before, number - 1),
            (Moment::Midway, number - 1),
            (Moment::After, number),
        ] {
            let scene = Scene::empty();
            let kill = plan(Class::Change, number, Fault::Kill(moment));
            let ended = run(&scene, &CAREFUL, kill);
            assert_eq!(ended.status.signal(), Some(SIGKILL));
            // The second operation is the write: half of it is an operation too.
            let half = u64::from(number == 2 && moment == Moment::Midway);
            assert_eq!(count(&ended.trace, Class::Change), done + half);
            let mut disk = Disk::of(Scene::empty().watched().as_path()).unwrap();
            disk.apply(&ended.trace);
            assert_eq!(disk.shown(), scene.tree());
            if half == 1 {
                assert_eq!(std::fs::read(scene.watched().join("new")).unwrap(), b"fr");
            }
        }
    }
}

#[test]
fn an_operation_fails_once_or_from_then_on() {
    let steps = ["write=a:1", "sync=a", "write=b:2", "sync=b", "read=a"];
    for (class, errno, number) in [
        (Class::Write, Errno::NoRoom, "28"),
        (Class::Sync, Errno::Broken, "5"),
    ] {
        for (lasting, failed) in [(Lasting::Once, 1), (Lasting::Onwards, 2)] {
            let scene = Scene::empty();
            let ended = run(&scene, &steps, plan(class, 1, Fault::Fail(errno, lasting)));
            let failures: Vec<&String> = ended
                .said
                .iter()
                .filter(|line| line.starts_with("failed"))
                .collect();
            assert_eq!(failures.len(), failed, "{failures:?}");
            assert!(failures.iter().all(|line| line.ends_with(number)));
        }
    }
    let broken = plan(Class::Read, 1, Fault::Fail(Errno::Broken, Lasting::Once));
    let ended = run(&Scene::empty(), &["write=a:1", "read=a"], broken);
    assert_eq!(ended.said, ["done write=a:1", "failed read=a 5"]);
}

#[test]
fn a_short_write_leaves_half_and_the_rest_is_another_write() {
    let scene = Scene::empty();
    let half = plan(
        Class::Write,
        1,
        Fault::Half(Errno::NoRoom, Lasting::Onwards),
    );
    let ended = run(&scene, &["write=a:12345678"], half);
    assert_eq!(ended.said, ["failed write=a:12345678 28"]);
    assert_eq!(std::fs::read(scene.watched().join("a")).unwrap(), b"1234");
}

#[test]
fn what_lies_outside_the_folder_does_not_count() {
    let scene = Scene::empty();
    let outside = tempfile::tempdir().unwrap();
    let mut command = file_writer(outside.path(), &CAREFUL);
    let ended = scene
        .watch(plan(Class::Any, 1, Fault::Kill(Moment::Before)))
        .run(&mut command);
    assert!(ended.status.success());
    assert_eq!(count(&ended.trace, Class::Any), 0);
}

/// Every state that `file` has after a power cut anywhere in the steps; `None` where it is not there.
fn states_of_file(steps: &[&str]) -> BTreeSet<Option<Vec<u8>>> {
    let scene = Scene::empty();
    run(&scene, &["write=file:stale", "sync=file", "sync="], None);
    let before = Disk::of(&scene.watched()).unwrap();
    let trace = run(&scene, steps, None).trace;
    let mut seen = BTreeSet::new();
    for_each_seed(0, 300, |chance| {
        let tree = crash_anywhere(&before, &trace, chance);
        let file = tree.entries.get(Path::new("file"));
        seen.insert(file.cloned().flatten());
    });
    seen
}

fn crash_anywhere(before: &Disk, trace: &[Operation], chance: &mut Chance) -> Tree {
    let mut disk = before.clone();
    let cut = chance.between(0, u64::try_from(trace.len()).unwrap());
    disk.apply(&trace[..usize::try_from(cut).unwrap()]);
    disk.crash(chance)
}

#[test]
fn a_careful_writer_is_never_caught_by_a_power_cut() {
    let whole = [b"stale".to_vec(), b"fresh".to_vec()].map(Some);
    assert_eq!(states_of_file(&CAREFUL), BTreeSet::from(whole));
}

#[test]
fn a_writer_that_renames_before_it_flushes_is_caught() {
    let seen = states_of_file(&["write=new:fresh", "rename=new:file", "sync="]);
    assert!(seen.contains(&Some(Vec::new())), "an empty file");
}

#[test]
fn a_writer_that_never_flushes_its_folder_is_caught() {
    let scene = Scene::empty();
    let mut disk = Disk::of(&scene.watched()).unwrap();
    let ended = run(&scene, &["write=file:fresh", "sync=file"], None);
    disk.apply(&ended.trace);
    assert_eq!(disk.unsafe_changes(), 1);
    let mut seen = BTreeSet::new();
    for_each_seed(0, 100, |chance| {
        seen.insert(disk.crash(chance).entries.len());
    });
    assert_eq!(seen, BTreeSet::from([0, 1]));
}
