//! A rollout read from its journal: Markdown, HTML and JSON.
#![forbid(unsafe_code)]
