//! Values that a system keeps one by one: how those of a window become one answer. For adapters of what has no
//! arithmetic of its own, such as files and plain time series.

mod text;
mod values;

pub use text::{PointsText, Reduce};
pub use values::{Gaps, Points};
