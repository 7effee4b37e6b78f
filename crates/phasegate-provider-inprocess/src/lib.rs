//! In-process weighted router and recorder: canaries without a proxy.
#![forbid(unsafe_code)]
