//! Sans-IO shell of the engine: appends, in-flight effects, timers, recovery.
#![forbid(unsafe_code)]
