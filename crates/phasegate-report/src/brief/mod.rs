//! Shorter reports, each in three formats: what happened in a day or a week, the whole on half a page, a draft of a
//! post-mortem, delivery performance over many rollouts.
//!
//! Each is data, and a document that says the same.

mod delivery;
mod executive;
mod open;
mod post_mortem;
mod progress;

use serde::Serialize;

use crate::doc::Document;

pub use delivery::{delivery_performance, delivery_report};
pub use executive::executive_summary;
pub use post_mortem::post_mortem;
pub use progress::progress;

/// The version of the JSON of shorter reports. A new one is written when a field changes its meaning or goes away;
/// fields may be added to one version.
pub const BRIEF_FORMAT: &str = "phasegate-brief/1";

/// A shorter report, to be written in the format that is wanted. The same views give the same bytes.
///
/// ```
/// # fn write(view: &phasegate_report::View) -> Result<(), serde_json::Error> {
/// let summary = phasegate_report::executive_summary(view);
/// assert!(summary.markdown().starts_with("# "));
/// assert!(summary.html().contains("<h1>"));
/// assert!(summary.json()?.contains("\"executive-summary\""));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Brief<'v> {
    document: Document<'v>,
    data: Data,
}

/// What a short report says, as data.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Data {
    DeliveryPerformance(Box<delivery::Delivery>),
    ExecutiveSummary(Box<executive::Executive>),
    PostMortem(Box<post_mortem::PostMortem>),
    Progress(Box<progress::Progress>),
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Written<'d> {
    format: &'static str,
    report: &'d Data,
}

impl Brief<'_> {
    /// Markdown, as [`markdown`](crate::markdown()) writes it.
    #[must_use]
    pub fn markdown(&self) -> String {
        crate::markdown::document(&self.document)
    }

    /// One self-contained HTML file, as [`html`](crate::html()) writes it.
    #[must_use]
    pub fn html(&self) -> String {
        crate::html::document(&self.document)
    }

    /// JSON under [`BRIEF_FORMAT`], indented, with a newline at the end. Below `report` stands one field, named by what
    /// the report is: `delivery-performance`, `executive-summary`, `post-mortem` or `progress`. Text of others stands
    /// in it as it came: whoever shows it must escape it.
    ///
    /// # Errors
    /// If it cannot be written as JSON, which no report of ours is.
    pub fn json(&self) -> Result<String, serde_json::Error> {
        let written = Written {
            format: BRIEF_FORMAT,
            report: &self.data,
        };
        Ok(serde_json::to_string_pretty(&written)? + "\n")
    }
}
