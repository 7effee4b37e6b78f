//! The memory store against the suite that every store has to pass.

use std::sync::Arc;

use async_trait::async_trait;
use phasegate_core::{RolloutId, Span, Timestamp};
use phasegate_journal::conformance::{SteppedClock, Store, cases, differential};
use phasegate_journal::{
    Anchor, AnchorError, Batch, Draft, Journal, MemoryJournal, ReadError, Soundness, verify,
};

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

#[test]
fn a_store_is_verified_against_the_anchors_that_were_kept_of_it() {
    let anchored = |journal: &MemoryJournal, payloads: &[&str]| {
        let (rollout, holder): (RolloutId, _) = ("r".parse().expect("an id"), "me".parse());
        let holder = holder.expect("a name");
        let batch = |payload: &str| {
            Batch::of([Draft {
                at: Timestamp::EPOCH,
                kind: "k".to_owned(),
                payload: payload.as_bytes().to_vec(),
            }])
        };
        let ttl = Span::from_secs(30);
        let made = journal.create(&rollout, &holder, ttl, &[], batch(payloads[0]));
        let (lease, mut head) = pollster::block_on(made).expect("a rollout");
        let mut anchors = Vec::new();
        for payload in &payloads[1..] {
            let rollout = rollout.clone();
            anchors.push(Anchor { rollout, head });
            let append = journal.append(&lease, head.next_seq, batch(payload));
            head = pollster::block_on(append).expect("an append");
        }
        (anchors, head)
    };
    let clock = || Arc::new(SteppedClock::default());
    let (journal, rewritten) = (MemoryJournal::new(clock()), MemoryJournal::new(clock()));
    let (anchors, head) = anchored(&journal, &["0", "1", "2", "3"]);
    // Somebody who can compute hashes wrote another history, whole in itself.
    let (_, other) = anchored(&rewritten, &["0", "1", "x", "3"]);
    let soundness = |journal: &MemoryJournal, anchors: &[Anchor]| {
        let found = pollster::block_on(verify(journal, anchors)).expect("a list");
        found.into_iter().next().expect("a rollout").1
    };
    assert_eq!(soundness(&journal, &anchors), Soundness::Sound(head));
    assert_eq!(
        soundness(&rewritten, &anchors[..2]),
        Soundness::Sound(other)
    );
    let anchor = anchors[2].clone();
    assert_eq!(
        soundness(&rewritten, &anchors),
        Soundness::Rewritten { anchor }
    );
    let empty = MemoryJournal::new(clock());
    let missing = Soundness::Damaged(ReadError::NotFound);
    assert_eq!(soundness(&empty, &anchors), missing);
    for text in ["", "r", "r@1", "r@x:00", "r@1:00", "R!@1:00"] {
        assert_eq!(text.parse::<Anchor>(), Err(AnchorError), "{text}");
    }
}
