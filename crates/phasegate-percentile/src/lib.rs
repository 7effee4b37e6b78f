//! Percentile core: mergeable histograms with a proven relative error, exact selection, sliding windows.
#![forbid(unsafe_code)]
