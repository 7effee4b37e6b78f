//! One self-contained HTML file: no script, no font, no image, nothing fetched. A content policy allows
//! the one style sheet, named by its hash, and nothing else.

mod page;
mod writer;

pub use page::html;

pub(crate) use page::document;
pub(crate) use writer::Html;

/// The style sheet.
pub(crate) const STYLE: &str = include_str!("style.css");

/// SHA-256 of [`STYLE`], in base64, as a content policy names it. A test holds the two together.
pub(crate) const STYLE_HASH: &str = "sha256-Gxx56eBqwu/k2JKYSen+9006WrPIvs3BESH/6vgCAtk=";
