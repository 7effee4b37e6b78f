//! The criterion language: tree, parser, printer, unit checks and KPI declarations.
#![forbid(unsafe_code)]
