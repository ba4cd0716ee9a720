//! Through here goes every operation that counts, one at a time, so that the order of the trace is the order of events.

use std::os::unix::ffi::OsStringExt as _;
use std::sync::{Mutex, OnceLock, PoisonError};

use libc::{c_int, c_void};

use crate::plan::{Class, Plan, Verdict};
use crate::real::{self, errno, set_errno};
use crate::record::{Kind, Record};

/// How much of an operation is done.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Extent {
    /// All of it.
    Whole,
    /// Half of its bytes.
    Half,
}

/// What the environment asked for.
pub(crate) struct Watch {
    /// The folder that is watched.
    pub(crate) root: Vec<u8>,
    gate: Mutex<Gate>,
}

struct Gate {
    plan: Option<Plan>,
    trace: Option<c_int>,
}

/// The watch; `None` when nothing is watched.
pub(crate) fn watch() -> Option<&'static Watch> {
    static WATCH: OnceLock<Option<Watch>> = OnceLock::new();
    WATCH.get_or_init(Watch::from_environment).as_ref()
}

impl Watch {
    fn from_environment() -> Option<Self> {
        let root = std::env::var_os("COUNTERSIGN_FAULTS_WATCH")?.into_vec();
        let plan = std::env::var("COUNTERSIGN_FAULTS_PLAN").ok();
        let plan = plan.map(|text| Plan::parse(&text).unwrap_or_else(|| stop()));
        let trace = std::env::var_os("COUNTERSIGN_FAULTS_TRACE").map(|path| {
            let mut path = path.into_vec();
            path.push(0);
            let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_APPEND | libc::O_CLOEXEC;
            // SAFETY: the path ends with a zero.
            match unsafe { real::OPEN.get()(path.as_ptr().cast(), flags, 0o600) } {
                -1 => stop(),
                descriptor => descriptor,
            }
        });
        Some(Self {
            root,
            gate: Mutex::new(Gate { plan, trace }),
        })
    }

    /// Does an operation as the plan wants it, and notes it. `act` gives -1 where it fails.
    pub(crate) fn pass<'a>(
        &self,
        class: Class,
        act: impl Fn(Extent) -> isize,
        note: impl Fn(isize) -> Record<'a>,
    ) -> isize {
        let mut gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        let verdict = match &mut gate.plan {
            Some(plan) => plan.meet(class),
            None => Verdict::Go,
        };
        let meant = note(-1);
        // Only bytes have a half.
        let has_half = meant.data.len() >= 2;
        let extent = match verdict {
            Verdict::KillBefore => stop(),
            Verdict::KillMidway if !has_half => stop(),
            // A full disk still lets files be cut and removed.
            Verdict::Fail(libc::ENOSPC) if !meant.kind.takes_room() => Extent::Whole,
            Verdict::Fail(number) => {
                gate.note(&meant, number);
                set_errno(number);
                return -1;
            }
            Verdict::Half | Verdict::KillMidway if has_half => Extent::Half,
            Verdict::Go | Verdict::Half | Verdict::KillMidway | Verdict::KillAfter => Extent::Whole,
        };
        let result = act(extent);
        let error = errno();
        gate.note(&note(result), if result == -1 { error } else { 0 });
        if matches!(verdict, Verdict::KillMidway | Verdict::KillAfter) {
            stop();
        }
        set_errno(error);
        result
    }

    /// Notes what the process says, around the saying of it.
    pub(crate) fn say(&self, data: &[u8], act: impl Fn() -> isize) -> isize {
        let gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        let result = act();
        let error = errno();
        let said = data.get(..usize::try_from(result).unwrap_or(0));
        let record = Record {
            data: said.unwrap_or_default(),
            ..Record::new(Kind::Said, 0, &[])
        };
        gate.note(&record, 0);
        set_errno(error);
        result
    }
}

impl Gate {
    fn note(&self, record: &Record<'_>, error: c_int) {
        let Some(trace) = self.trace else { return };
        let bytes = record.encode(error);
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let data = rest.as_ptr().cast::<c_void>();
            // SAFETY: the bytes are there while they are written.
            let written = unsafe { real::WRITE.get()(trace, data, rest.len()) };
            // A trace with a hole would be believed.
            let written = usize::try_from(written).unwrap_or_else(|_| stop());
            rest = rest.get(written..).unwrap_or_default();
        }
    }
}

/// Ends the process at once, as `kill -9` does.
fn stop() -> ! {
    // SAFETY: both need nothing, and after the first one nothing is done any more.
    unsafe {
        libc::kill(libc::getpid(), libc::SIGKILL);
        libc::abort()
    }
}
