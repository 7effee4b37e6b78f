//! No text makes the parser of criteria panic, and what it reads prints to text that reads back as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phasegate_criterion::{KpiRegistry, Statement, check_statement};

fuzz_target!(|text: &str| {
    match text.parse::<Statement>() {
        Ok(tree) => {
            let _faults = check_statement(&tree, &KpiRegistry::new());
            let printed = tree.to_string();
            // Canonical text may be longer than what was written, and only then be refused.
            if printed.len() <= phasegate_criterion::TEXT_LEN_MAX {
                assert_eq!(printed.parse::<Statement>().as_ref(), Ok(&tree), "{printed}");
            }
        }
        Err(fault) => assert!(text.get(fault.at).is_some() || text.len() > phasegate_criterion::TEXT_LEN_MAX),
    }
});
