//! The memory store against the suite that every store has to pass.

use std::sync::Arc;

use async_trait::async_trait;
use phasegate_core::Span;
use phasegate_journal::conformance::{SteppedClock, Store, cases, differential};
use phasegate_journal::{Journal, MemoryJournal};

struct Memory {
    clock: Arc<SteppedClock>,
    journal: Arc<MemoryJournal>,
}

impl Memory {
    fn new() -> Self {
        let clock = Arc::new(SteppedClock::default());
        let journal = Arc::new(MemoryJournal::new(Arc::<SteppedClock>::clone(&clock)));
        Self { clock, journal }
    }
}

#[async_trait]
impl Store for Memory {
    async fn open(&self) -> Arc<dyn Journal> {
        Arc::<MemoryJournal>::clone(&self.journal)
    }

    async fn pass(&self, span: Span) {
        self.clock.pass(span);
    }
}

#[test]
fn the_memory_store_keeps_every_promise() {
    for case in cases() {
        if let Err(failure) = pollster::block_on(case.run(&Memory::new())) {
            panic!("{failure}");
        }
    }
}

#[test]
fn the_comparison_holds_the_memory_store_to_itself() {
    for seed in 0..20 {
        if let Err(failure) = pollster::block_on(differential(&Memory::new(), seed, 400)) {
            panic!("{failure}");
        }
    }
}
