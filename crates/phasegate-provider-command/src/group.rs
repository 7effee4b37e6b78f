//! A process group that is not left behind: whatever happens to the future that runs a command, its
//! processes end.

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process_group};

/// The group of a command that was started as its leader.
#[derive(Debug)]
pub(crate) struct Group {
    leader: Option<Pid>,
}

impl Group {
    /// The group that the process with this id leads.
    pub(crate) fn of(id: Option<u32>) -> Self {
        let id = id.and_then(|id| i32::try_from(id).ok());
        Self {
            leader: id.and_then(Pid::from_raw),
        }
    }

    /// Asks all to end.
    pub(crate) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Ends all.
    pub(crate) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// The command has ended and left nobody behind: its id may belong to somebody else from now on.
    pub(crate) fn forget(mut self) {
        self.leader = None;
    }

    fn signal(&self, signal: Signal) {
        if let Some(leader) = self.leader {
            let told = kill_process_group(leader, signal);
            // The one error there can be: nobody is left, which is what was wanted.
            debug_assert!(
                matches!(told, Ok(()) | Err(Errno::SRCH | Errno::PERM)),
                "{told:?}"
            );
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}
