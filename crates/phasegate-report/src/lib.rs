#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod export;
pub mod view;

mod chart;
mod doc;
mod explain;
mod html;
mod json;
mod markdown;
mod progress;
mod setbacks;
mod summary;
mod text;
mod words;

pub use explain::explain;
pub use html::html;
pub use json::{JSON_FORMAT, json};
pub use markdown::markdown;
pub use progress::{executive_summary, progress};
pub use setbacks::{Setback, SetbackMoment, delivery_performance, post_mortem, setbacks};
pub use summary::summary;
pub use view::{View, ViewError};
