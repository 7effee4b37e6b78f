#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod approvals;
mod log_notifier;
mod recorder;
mod router;

pub use approvals::{ApprovalDesk, DeskError};
pub use log_notifier::{LogNotifier, LoggedMessage};
pub use recorder::{Ended, Recorder, RecorderConfig, RecorderError};
pub use router::{
    Drained, Router, RouterConfig, RouterError, RouterMirror, RunningRouter, ShadowConfig,
};
