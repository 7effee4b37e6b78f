//! Several ways back, one after the other.

use phasegate_core::Span;

use super::{Op, Rollback};

/// What several ways back come to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Together {
    pub(crate) ops: Vec<Op>,
    /// The limit of all of it; `None` if one of them has none.
    pub(crate) limit: Option<Span>,
}

/// These ways back, one after the other, their limits added to what is there `before`.
///
/// The plan's own, which phases have that say nothing else, is carried out once, where the first of them has it: it
/// takes back the whole, and its limit is that of the whole. What each phase began (a fault made on purpose, copies, a
/// comparison) is ended for each.
pub(crate) fn together(ways: &[&Rollback], before: Option<Span>) -> Together {
    let (mut ops, mut limit, mut has_shared) = (Vec::new(), before, false);
    for way in ways {
        let again = way.shared && has_shared;
        has_shared |= way.shared;
        let needed = way.ops.iter().filter(|op| !again || op.is_end());
        ops.extend(needed.cloned());
        // Where nothing is to be undone it takes no time. Else one without a limit leaves the whole without one.
        if again || (way.ops.is_empty() && way.limit.is_none()) {
            continue;
        }
        limit = match (limit, way.limit) {
            (Some(sum), Some(more)) => Some(sum.saturating_add(more)),
            (None, _) | (_, None) => None,
        };
    }
    Together { ops, limit }
}

#[cfg(test)]
mod tests {
    use super::super::OpKind;
    use super::*;

    fn way(step: &str, limit: Option<u64>, shared: bool) -> Rollback {
        let wait = Op {
            step: step.parse().expect("an id"),
            title: step.to_owned(),
            budget: None,
            kind: OpKind::Wait {
                span: Span::from_secs(1),
            },
        };
        Rollback {
            ops: vec![wait],
            limit: limit.map(Span::from_secs),
            escalate: None,
            shared,
        }
    }

    #[test]
    fn the_plan_s_own_way_back_counts_once() {
        let (own, shared) = (way("own", Some(20), false), way("plan", Some(300), true));
        let empty = Rollback::default();
        let limitless = way("slow", None, false);
        for (ways, steps, limit) in [
            (vec![&own, &own], "own own", Some(40)),
            (vec![&shared, &shared, &shared], "plan", Some(300)),
            (vec![&shared, &own, &shared], "plan own", Some(320)),
            (vec![&shared, &empty], "plan", Some(300)),
            (vec![&shared, &limitless, &shared], "plan slow", None),
            (vec![], "", Some(0)),
        ] {
            let all = together(&ways, Some(Span::ZERO));
            let told: Vec<&str> = all.ops.iter().map(|op| op.step.as_str()).collect();
            assert_eq!(told.join(" "), steps);
            assert_eq!(all.limit, limit.map(Span::from_secs), "{steps}");
        }
        // What is under way has its time already.
        let more = together(&[&shared], Some(Span::from_secs(5)));
        assert_eq!(more.limit, Some(Span::from_secs(305)));
        assert_eq!(together(&[&own], None).limit, None);
    }
}
