//! Charts as SVG inside HTML: with a title, axes and units, colours that colour-blind people can tell
//! apart, and a second way (dashes, numbers, words) to read everything that a colour says.
//!
//! Each chart is drawn twice, wide and narrow; the style sheet shows the one that fits. Coordinates are
//! written with one decimal, so that the same view gives the same bytes everywhere.

mod bands;
mod exposure;
mod frame;
mod scale;
mod series;
mod timeline;

pub(crate) use bands::bands;
pub(crate) use exposure::exposure;
pub(crate) use series::series;
pub(crate) use timeline::timeline;
