//! Roles of the outside world as traits, with errors that say whether to try again.
#![forbid(unsafe_code)]
