//! Inputs that fuzzing found worth keeping, replayed: none panics, and what is a plan prints and reads
//! back. The targets stand in `fuzz/`, the inputs in `fuzz/corpus/`.

use std::fs;
use std::path::PathBuf;

use phasegate_plan::{Catalog, PlanDocument, check};

#[test]
fn what_fuzzing_kept_is_read_without_a_panic() {
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    for ending in ["yaml", "json", "toml"] {
        let folder = corpus.join(format!("plan_{ending}"));
        let mut inputs: Vec<PathBuf> = fs::read_dir(folder)
            .expect("a folder of inputs")
            .map(|entry| entry.expect("an input").path())
            .collect();
        inputs.sort();
        assert!(inputs.len() >= 50, "{} inputs", inputs.len());
        for input in inputs {
            let bytes = fs::read(&input).expect("bytes");
            let name = format!("kept.{ending}");
            let document = PlanDocument::read(&name, &bytes);
            let checked = check(&document, None);
            assert_eq!(checked.plan.is_none(), checked.faults.has_errors());
            assert!(!checked.faults.render().is_empty());
            assert!(Catalog::read(&name, &bytes).faults.has_errors());
            if let Some(plan) = checked.plan {
                let printed = plan.to_text(document.format()).expect("a plan prints");
                let again = PlanDocument::read(&name, printed.as_bytes());
                assert_eq!(
                    again.draft().as_ref(),
                    Some(plan.draft()),
                    "{}",
                    input.display()
                );
            }
        }
    }
}
