//! Criterion, fact or policy: which of them a text is.

use super::cursor::{Cursor, Read};
use crate::tree::{
    Cmp, Condition, Criterion, Fact, FactKind, Given, Policy, ScalingStep, Statement, Subject,
};

/// Without one of them a text is no policy, and its subject need not be read twice.
const POLICY_WORDS: [&str; 3] = ["target", "steps", "limits"];

impl Cursor<'_> {
    pub(super) fn statement(&mut self) -> Read<Statement> {
        if let Some(other) = self.fact_or_policy()? {
            return Ok(other);
        }
        Ok(Statement::Criterion(Box::new(self.whole_criterion()?)))
    }

    pub(super) fn whole_criterion(&mut self) -> Read<Criterion> {
        let condition: Condition = self.condition()?;
        self.criterion(condition)
    }

    /// What is no criterion, if that stands here; else nothing is read.
    pub(super) fn fact_or_policy(&mut self) -> Read<Option<Statement>> {
        for kind in [FactKind::Baseline, FactKind::Budget, FactKind::Estimate] {
            if self.eat(kind.text()) {
                return Ok(Some(Statement::Fact(self.fact(kind)?)));
            }
        }
        Ok(self.policy()?.map(Statement::Policy))
    }

    fn fact(&mut self, kind: FactKind) -> Read<Fact> {
        let subject = self.subject()?;
        if self.eat("unknown") {
            return Ok(Fact {
                kind,
                subject,
                op: Cmp::Equal,
                figure: Given::Unknown,
            });
        }
        let op = self.cmp()?;
        if self.word() == "unknown" {
            return self.fault("a value or a range (or 'unknown' without a comparison)");
        }
        Ok(Fact {
            kind,
            subject,
            op,
            figure: self.given()?,
        })
    }

    /// A policy, if a subject and one of the words of policies stand here; else nothing is read.
    fn policy(&mut self) -> Read<Option<Policy>> {
        let start = self.place();
        let rest = self.rest();
        if !POLICY_WORDS.iter().any(|word| rest.contains(word)) {
            return Ok(None);
        }
        let Ok(subject) = self.subject() else {
            self.back_to(start);
            return Ok(None);
        };
        let policy = if self.eat("target") {
            self.scaling(subject)?
        } else if self.eat("steps") {
            let mut steps = vec![self.value()?];
            while self.eat_sign("->") {
                steps.push(self.value()?);
            }
            if steps.len() < 2 {
                return self.fault("'->' and the next step");
            }
            Policy::Ladder { subject, steps }
        } else if self.eat("limits") {
            let range = self.range()?;
            let target = if self.eat("target") {
                Some(self.value()?)
            } else {
                None
            };
            Policy::Limits {
                subject,
                range,
                target,
            }
        } else {
            self.back_to(start);
            return Ok(None);
        };
        Ok(Some(policy))
    }

    fn scaling(&mut self, subject: Subject) -> Read<Policy> {
        let target = self.value()?;
        let up = if self.eat("up") {
            Some(self.scaling_step()?)
        } else {
            None
        };
        let down = if self.eat("down") {
            Some(self.scaling_step()?)
        } else {
            None
        };
        Ok(Policy::Scaling {
            subject,
            target,
            up,
            down,
        })
    }

    fn scaling_step(&mut self) -> Read<ScalingStep> {
        let op = self.cmp()?;
        let value = self.value()?;
        self.need("by")?;
        Ok(ScalingStep {
            op,
            value,
            by: self.count("by how many")?,
        })
    }
}
