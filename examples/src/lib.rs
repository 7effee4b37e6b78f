//! What several examples share: a service to roll out, and the load that it is under. The examples
//! themselves are the `[[example]]` targets of this package.
#![forbid(unsafe_code)]

pub mod exporter;
pub mod haproxy;
pub mod kept;
pub mod kill;
pub mod load;
pub mod lock;
pub mod recent;
pub mod say;
pub mod service;
