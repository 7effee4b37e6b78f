#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod export;
pub mod view;

mod brief;
mod chart;
mod doc;
mod explain;
mod html;
mod json;
mod lessons;
mod markdown;
mod setbacks;
mod summary;
mod text;
mod words;

pub use brief::{
    BRIEF_FORMAT, Brief, delivery_performance, delivery_report, executive_summary, post_mortem,
    progress,
};
pub use explain::explain;
pub use html::html;
pub use json::{JSON_FORMAT, json};
pub use lessons::{Improvement, Lessons, lessons};
pub use markdown::markdown;
pub use setbacks::{Left, Setback, SetbackMoment, setbacks};
pub use summary::summary;
pub use view::{View, ViewError};
