//! Inputs that fuzzing kept, replayed: none makes the parser panic, a fault points into the text, and what
//! is read prints to text that reads back as the same. The target is `fuzz/fuzz_targets/criterion.rs`.

use std::fs;
use std::path::PathBuf;

use phasegate_criterion::{KpiRegistry, Statement, TEXT_LEN_MAX, check_statement};

#[test]
fn what_fuzzing_kept_is_read_or_refused_with_its_place() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/criterion");
    let mut inputs: Vec<PathBuf> = fs::read_dir(folder)
        .expect("a folder of inputs")
        .map(|entry| entry.expect("an input").path())
        .collect();
    inputs.sort();
    assert!(inputs.len() >= 100, "{} inputs", inputs.len());
    let mut read = 0;
    for input in inputs {
        let Ok(text) = fs::read_to_string(&input) else {
            continue;
        };
        match text.parse::<Statement>() {
            Ok(tree) => {
                read += 1;
                let _faults = check_statement(&tree, &KpiRegistry::new());
                let printed = tree.to_string();
                // Canonical text may be longer than what was written, and only then be refused.
                if printed.len() <= TEXT_LEN_MAX {
                    assert_eq!(
                        printed.parse::<Statement>().as_ref(),
                        Ok(&tree),
                        "{printed}"
                    );
                }
            }
            Err(fault) => {
                let within = text.get(fault.at.clone()).is_some();
                assert!(within || text.len() > TEXT_LEN_MAX, "{}", input.display());
            }
        }
    }
    assert!(read > 20, "{read} were read");
}
