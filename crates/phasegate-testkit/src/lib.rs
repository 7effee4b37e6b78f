//! For tests of phasegate and of tools that embed it: virtual clock, simulated world, fake providers.
#![forbid(unsafe_code)]
