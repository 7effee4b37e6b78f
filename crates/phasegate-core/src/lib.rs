//! Words that two layers of phasegate must share: ids, time, quantities, measurements, the effect vocabulary.
#![forbid(unsafe_code)]
