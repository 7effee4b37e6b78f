//! Wire formats of others. Every decoder checks what it reads against limits and never panics.
//!
//! | module | format | lossless with |
//! |---|---|---|
//! | (methods `encode`, `decode` of a histogram) | the crate's own, the smallest | every mapping |
//! | [`ddsketch`] | DDSketch protobuf | `LogLinear`, `Logarithmic`, `Cubic` |
//! | [`otel`] | OpenTelemetry exponential histogram | `Base2` |
//! | [`prometheus`] | Prometheus native histogram | `Base2` |
//! | [`hdr`] | HdrHistogram V2, plain and deflate | `LogLinear<4>`, `<7>`, `<10>` |

mod bytes;
mod compact;
mod conversion;
pub mod ddsketch;
mod error;
mod groups;
pub mod hdr;
mod inflate;
pub mod otel;
pub mod prometheus;
mod protobuf;
mod rice;

pub use conversion::Encoded;
pub use error::DecodeError;
