//! A long random history on a store and on the memory store side by side: every answer must be the same.
//! Tokens may differ in value (a database sequence may skip), so they are compared by their order.

use std::collections::BTreeMap;
use std::sync::Arc;

use phasegate_core::{RolloutId, Span};

use super::make::{at, claim, draft, holder, rollout};
use super::{Failure, Outcome, SteppedClock, Store};
use crate::{
    AppendError, Batch, CreateError, Head, Holder, Journal, Lease, LeaseError, MemoryJournal,
    Snapshot,
};

/// Runs `steps` random calls, made from `seed`, on a fresh store and on a [`MemoryJournal`], and compares
/// all answers and, at the end, all records. The failure names seed and step.
pub async fn differential(store: &dyn Store, seed: u64, steps: u32) -> Result<(), Failure> {
    let mut pair = Pair::new(store, seed).await;
    for step in 0..steps {
        let told = pair.step(store).await.map_err(|what| (step, what));
        told.map_err(|(step, what)| failed(format!("seed {seed}, step {step}: {what}")))?;
    }
    let end = pair.compare_all().await;
    end.map_err(|what| failed(format!("seed {seed}, at the end: {what}")))
}

fn failed(what: String) -> Failure {
    let case = "a_random_history_is_told_as_by_the_memory_store";
    Failure { case, what }
}

/// `SplitMix64`: small, seeded, good enough to choose calls.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next().checked_rem(bound).unwrap_or(0)
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let bound = u64::try_from(from.len()).unwrap_or(u64::MAX);
        from.get(usize::try_from(self.below(bound)).unwrap_or(0))
    }
}

struct Pair {
    dice: Dice,
    clock: Arc<SteppedClock>,
    model: MemoryJournal,
    /// Two handles on the store under test.
    tested: [Arc<dyn Journal>; 2],
    /// Every lease ever seen, live and lost: the model's and the tested one's.
    leases: Vec<(Lease, Lease)>,
    /// The model's token for each token of the tested store.
    tokens: BTreeMap<u64, u64>,
}

impl Pair {
    async fn new(store: &dyn Store, seed: u64) -> Self {
        let clock = Arc::new(SteppedClock::default());
        Self {
            dice: Dice(seed),
            model: MemoryJournal::new(Arc::<SteppedClock>::clone(&clock)),
            clock,
            tested: [store.open().await, store.open().await],
            leases: Vec::new(),
            tokens: BTreeMap::new(),
        }
    }

    fn tested(&mut self) -> Arc<dyn Journal> {
        let [one, two] = &self.tested;
        let which = if self.dice.one_in(2) { one } else { two };
        Arc::clone(which)
    }

    /// In steps of ten seconds: where the store's clock is a real one, the time that the calls themselves
    /// take must not decide whether a lease has expired.
    fn span(&mut self, steps: u64) -> Span {
        Span::from_secs(self.dice.below(steps).saturating_mul(10))
    }

    fn rollout(&mut self) -> Result<RolloutId, String> {
        let n = self.dice.below(6);
        rollout(&format!("r{n}"))
    }

    fn holder(&mut self) -> Result<Holder, String> {
        holder(self.dice.pick(&["a", "b", "c"]).ok_or("dice")?)
    }

    async fn step(&mut self, store: &dyn Store) -> Outcome {
        match self.dice.below(12) {
            0 | 1 => self.create().await,
            2 | 3 => self.acquire().await,
            4 => self.renew().await,
            5 => self.release().await,
            6 => {
                let span = self.span(4);
                self.clock.pass(span);
                store.pass(span).await;
                Ok(())
            }
            7 => self.compare_lists().await,
            _ => self.append().await,
        }
    }

    fn batch(&mut self, head: Head) -> Batch {
        let count = self.dice.below(4);
        let drafts = (0..count).map(|n| {
            let mut draft = draft(&format!("kind-{n}"));
            draft.at = at(self.dice.below(1_000_000_000));
            draft.payload = self.dice.next().to_le_bytes().to_vec();
            draft
        });
        let drafts = drafts.collect();
        let snapshot = self.dice.one_in(4).then(|| Snapshot {
            // Sometimes too high, sometimes with the right hash.
            seq: head
                .next_seq
                .saturating_add(self.dice.below(3))
                .saturating_sub(1),
            format: 1,
            head: head.hash,
            body: b"state".to_vec(),
        });
        Batch {
            drafts,
            wake_at: self.dice.one_in(2).then(|| at(self.dice.below(20))),
            snapshot,
            finished: self.dice.one_in(20),
        }
    }

    async fn create(&mut self) -> Outcome {
        let (id, me) = (self.rollout()?, self.holder()?);
        let mut claims = Vec::new();
        for _ in 0..self.dice.below(3) {
            claims.push(claim("proxy", &format!("t{}", self.dice.below(4)))?);
        }
        let ttl = self.span(6);
        let batch = self.batch(Head::genesis(&id));
        let expected = self
            .model
            .create(&id, &me, ttl, &claims, batch.clone())
            .await;
        let tested = self.tested();
        let found = tested.create(&id, &me, ttl, &claims, batch).await;
        match (found, expected) {
            (Ok((lease, head)), Ok((model, expected))) => {
                self.learn(model, lease)?;
                told("create", &head, &expected)
            }
            (found, expected) => {
                let drop_ok = |r: Result<(Lease, Head), CreateError>| r.map(|(_, head)| head);
                told("create", &drop_ok(found), &drop_ok(expected))
            }
        }
    }

    /// Notes a lease that both gave, and that the order of tokens is the same.
    fn learn(&mut self, model: Lease, tested: Lease) -> Outcome {
        let higher = self
            .tokens
            .last_key_value()
            .is_none_or(|(last, _)| *last < tested.token);
        if !higher {
            return Err(format!(
                "token {} is not higher than all before",
                tested.token
            ));
        }
        told("holder", &tested.holder, &model.holder)?;
        self.tokens.insert(tested.token, model.token);
        self.leases.push((model, tested));
        Ok(())
    }

    fn model_token(&self, tested: u64) -> u64 {
        self.tokens.get(&tested).copied().unwrap_or(u64::MAX)
    }

    fn translated(&self, error: LeaseError) -> LeaseError {
        if let LeaseError::Fenced { current } = error {
            let current = self.model_token(current);
            return LeaseError::Fenced { current };
        }
        without_remaining(error)
    }

    async fn acquire(&mut self) -> Outcome {
        let (id, me) = (self.rollout()?, self.holder()?);
        let ttl = self.span(6);
        let expected = self.model.acquire(&id, &me, ttl).await;
        let found = self.tested().acquire(&id, &me, ttl).await;
        match (found, expected) {
            (Ok(lease), Ok(model)) => self.learn(model, lease),
            (found, expected) => {
                let found = found.map(|_| ()).map_err(|e| self.translated(e));
                let expected = expected.map(|_| ()).map_err(without_remaining);
                told("acquire", &found, &expected)
            }
        }
    }

    async fn renew(&mut self) -> Outcome {
        let Some((model, lease)) = self.dice.pick(&self.leases).cloned() else {
            return Ok(());
        };
        let ttl = self.span(6);
        let expected = self.model.renew(&model, ttl).await.map(|_| ());
        let found = self.tested().renew(&lease, ttl).await.map(|_| ());
        told("renew", &found.map_err(|e| self.translated(e)), &expected)
    }

    async fn release(&mut self) -> Outcome {
        let Some((model, lease)) = self.dice.pick(&self.leases).cloned() else {
            return Ok(());
        };
        let expected = self.model.release(&model).await;
        let found = self.tested().release(&lease).await;
        told("release", &found.map_err(|e| self.translated(e)), &expected)
    }

    async fn append(&mut self) -> Outcome {
        let Some((model, lease)) = self.dice.pick(&self.leases).cloned() else {
            return Ok(());
        };
        let head = self
            .model
            .head(&model.rollout)
            .await
            .map_err(|e| e.to_string())?;
        let batch = self.batch(head);
        let next = match self.dice.one_in(8) {
            true => self.dice.below(20),
            false => head.next_seq,
        };
        let expected = self.model.append(&model, next, batch.clone()).await;
        let found = self.tested().append(&lease, next, batch).await;
        let found = found.map_err(|error| match error {
            AppendError::Fenced { current } => AppendError::Fenced {
                current: self.model_token(current),
            },
            other @ (AppendError::Ambiguous { .. }
            | AppendError::Conflict { .. }
            | AppendError::Finished
            | AppendError::Invalid(_)
            | AppendError::NotFound
            | AppendError::Storage(_)
            | AppendError::Unavailable(_)) => other,
        });
        told("append", &found, &expected)
    }

    async fn compare_lists(&mut self) -> Outcome {
        let tested = self.tested();
        told(
            "rollouts",
            &tested.rollouts().await,
            &self.model.rollouts().await,
        )?;
        let before = at(self.dice.below(20));
        told(
            "due",
            &tested.due(before).await,
            &self.model.due(before).await,
        )
    }

    async fn compare_all(&mut self) -> Outcome {
        self.compare_lists().await?;
        let tested = self.tested();
        for summary in self.model.rollouts().await.map_err(|e| e.to_string())? {
            let id = &summary.rollout;
            told(
                "read",
                &tested.read(id, 0).await,
                &self.model.read(id, 0).await,
            )?;
            told(
                "snapshot",
                &tested.snapshot(id).await,
                &self.model.snapshot(id).await,
            )?;
        }
        Ok(())
    }
}

fn told<T: std::fmt::Debug + PartialEq>(call: &str, found: &T, expected: &T) -> Outcome {
    if found == expected {
        return Ok(());
    }
    Err(format!(
        "{call}: found {found:?}, the memory store says {expected:?}"
    ))
}

/// How much is left depends on the speed of the machine where the clock is a real one.
fn without_remaining(error: LeaseError) -> LeaseError {
    if let LeaseError::HeldBy { holder, .. } = error {
        let remaining = Span::ZERO;
        return LeaseError::HeldBy { holder, remaining };
    }
    error
}
