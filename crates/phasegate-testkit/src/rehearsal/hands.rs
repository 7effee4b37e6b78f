//! Arranges the world of a rehearsal: numbers that fit the phase, people who answer, and the fault at its time.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_core::{BindingId, PersonId, PhaseId, RoleId, Span, Timestamp};
use phasegate_criterion::Condition;
use phasegate_engine::program::{Op, OpKind, Program};
use phasegate_engine::record::Place;
use phasegate_engine::{Act, Person, State};

use super::fault::{Fault, FaultKind, is_watched};
use super::fit::{Want, Wish, fit};
use crate::simulation::Director;
use crate::world::{Outage, OutageKind, People, Reply, World};

/// How long people take for what they are asked while it goes forward.
const AT_WORK: Span = Span::from_secs(600);

/// And while it goes back, when everybody is at hand.
const IN_HASTE: Span = Span::from_secs(20);

/// What the fault has become.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
enum Stand {
    #[default]
    ToCome,
    Strikes,
    /// The rollout has answered it, or its place is left.
    Over,
}

/// Arranges the world.
#[derive(Debug)]
pub(super) struct Hands {
    fault: Option<Fault>,
    stand: Stand,
    seen: Option<u64>,
    arranged: Option<(Vec<Place>, Stand, bool)>,
    /// What people stated already, which they need not say twice.
    stated: BTreeSet<String>,
}

impl Hands {
    pub(super) fn new(fault: Option<Fault>) -> Self {
        Self {
            fault,
            stand: Stand::ToCome,
            seen: None,
            arranged: None,
            stated: BTreeSet::new(),
        }
    }

    fn look_at_fault(&mut self, state: &State, places: &[Place]) {
        let Some(fault) = &self.fault else {
            return;
        };
        let here = places.contains(&fault.place());
        let answered = !state.holds.is_empty() || state.rollback.is_some();
        self.stand = match self.stand {
            Stand::ToCome if here && !answered => Stand::Strikes,
            Stand::Strikes if !here || answered => Stand::Over,
            same => same,
        };
    }

    fn strikes(&self) -> Option<&FaultKind> {
        let fault = self.fault.as_ref()?;
        (self.stand == Stand::Strikes).then_some(&fault.kind)
    }

    /// What is wanted of each criterion that may be looked at now.
    fn wishes<'p>(&self, state: &'p State, places: &[Place]) -> Vec<Wish<'p>> {
        let program = &*state.program;
        let mut wishes = Vec::new();
        let running: Vec<&PhaseId> = places.iter().filter_map(Place::phase).collect();
        for phase in program
            .phases
            .iter()
            .filter(|phase| running.contains(&&phase.id))
        {
            for (index, op) in phase.ops.iter().enumerate() {
                let place = Place::Phase {
                    phase: phase.id.clone(),
                    op: index,
                };
                self.wish_of(op, places.contains(&place), &mut wishes);
            }
        }
        let back = places.iter().filter(|place| place.is_rollback());
        for op in back.filter_map(|place| state.op(place)) {
            self.wish_of(op, true, &mut wishes);
        }
        for trigger in &program.triggers {
            let watched = running.iter().any(|phase| is_watched(trigger, phase));
            let fires = matches!(self.strikes(), Some(FaultKind::Trigger { trigger: id, .. }) if *id == trigger.id);
            if watched || state.rollback.is_some() {
                wishes.push(Wish {
                    criterion: &trigger.criterion,
                    want: if fires { Want::Fire } else { Want::Quiet },
                    weight: if fires { 1_000 } else { 20 },
                });
            }
        }
        wishes
    }

    fn wish_of<'p>(&self, op: &'p Op, is_current: bool, wishes: &mut Vec<Wish<'p>>) {
        let weight = if is_current { 6 } else { 1 };
        for check in op.checks() {
            let fails = is_current
                && matches!(self.strikes(), Some(FaultKind::Criterion { check: id, .. }) if *id == check.id);
            wishes.push(Wish {
                criterion: &check.criterion,
                want: if fails { Want::Fail } else { Want::Hold },
                weight: if fails { 1_000 } else { weight },
            });
        }
        for check in op.stops() {
            wishes.push(Wish {
                criterion: &check.criterion,
                want: Want::Quiet,
                weight,
            });
        }
        if let OpKind::Measure { figures, .. } = &op.kind {
            wishes.extend(figures.iter().map(|figure| Wish {
                criterion: &figure.criterion,
                want: Want::Hold,
                weight: 0,
            }));
        }
    }

    /// People state what the criteria that are looked at turn on.
    fn statements(&mut self, state: &State, places: &[Place]) -> Vec<(Person, Act)> {
        let mut acts = Vec::new();
        for op in places.iter().filter_map(|place| state.op(place)) {
            for check in op.checks() {
                self.state_parts(&check.criterion.condition, state, &mut acts);
            }
        }
        acts
    }

    fn state_parts(&mut self, condition: &Condition, state: &State, acts: &mut Vec<(Person, Act)>) {
        let role = match condition {
            Condition::Check(_) | Condition::ForAll { .. } => state.program.escalate_to.clone(),
            Condition::Approve(role) => match RoleId::new(role.to_string()) {
                Ok(role) => role,
                Err(_) => return,
            },
            _ => {
                for part in condition.parts() {
                    self.state_parts(part, state, acts);
                }
                return;
            }
        };
        let text = condition.to_string();
        if let Some(id) = person(&role, 1)
            && self.stated.insert(text.clone())
        {
            let roles = vec![role];
            let act = Act::Testify {
                condition: text,
                yes: true,
            };
            acts.push((Person { id, roles }, act));
        }
    }

    fn people(&self, program: &Program, goes_back: bool) -> People {
        // While a trigger is to fire nobody moves the phase on.
        if matches!(self.strikes(), Some(FaultKind::Trigger { .. })) {
            return People::default();
        }
        let after = if goes_back { IN_HASTE } else { AT_WORK };
        let yes = !matches!(self.strikes(), Some(FaultKind::Person { .. }));
        let mut people = People::default();
        for (role, count) in asked(program) {
            let by = (1..=count).filter_map(|number| person(&role, number));
            let replies = by.map(|by| Reply { by, yes, after }).collect();
            people.replies.insert(role, replies);
        }
        people
    }

    /// Whom the fault makes refuse what they are to do.
    fn refuses(&self, state: &State, places: &[Place]) -> Option<BindingId> {
        if !matches!(self.strikes(), Some(FaultKind::Step { .. })) {
            return None;
        }
        let place = self.fault.as_ref().map(Fault::place)?;
        let place = places.iter().find(|one| **one == place)?;
        match &state.op(place)?.kind {
            OpKind::Apply { to, .. } => Some(to.clone()),
            _ => None,
        }
    }
}

impl Director for Hands {
    fn arrange(&mut self, now: Timestamp, state: &State, world: &mut World) -> Vec<(Person, Act)> {
        if self.seen == Some(state.next_seq) {
            return Vec::new();
        }
        self.seen = Some(state.next_seq);
        let places = state.places();
        self.look_at_fault(state, &places);
        let scene = (places, self.stand, state.rollback.is_some());
        if self.arranged.as_ref() == Some(&scene) {
            return Vec::new();
        }
        let (places, _, goes_back) = &scene;
        let acts = self.statements(state, places);
        let wishes = self.wishes(state, places);
        let registry = state.registry();
        fit(
            &state.program,
            &registry,
            &state.testimony,
            &wishes,
            &mut world.levels,
        );
        world.people = self.people(&state.program, *goes_back);
        let refuses = self.refuses(state, places);
        world.outages = refuses.map_or_else(Vec::new, |binding| {
            vec![Outage {
                binding,
                kind: OutageKind::Refuses,
                from: now,
                until: now + Span::from_secs(365 * 86_400),
                exposure: phasegate_core::Ratio::ZERO,
            }]
        });
        self.arranged = Some(scene);
        acts
    }
}

fn person(role: &RoleId, number: u32) -> Option<PersonId> {
    PersonId::new(format!("{role}-{number}")).ok()
}

/// Every role that is asked, and how many people of it at most.
fn asked(program: &Program) -> BTreeMap<RoleId, u32> {
    let mut roles = BTreeMap::from([(program.escalate_to.clone(), 1)]);
    for op in program.ops() {
        let wanted: Vec<(&RoleId, u32)> = match &op.kind {
            OpKind::Ask { role, .. } | OpKind::Ledger { role, .. } => vec![(role, 1)],
            OpKind::Gate(gate) => {
                let quorum = gate.approvals.quorum.iter();
                quorum.map(|(role, count)| (role, *count)).collect()
            }
            _ => Vec::new(),
        };
        for (role, count) in wanted {
            let most = roles.entry(role.clone()).or_default();
            *most = count.max(*most);
        }
    }
    for row in &program.matrix {
        roles.entry(row.decider.clone()).or_insert(1);
    }
    roles
}
