//! Clauses: what is said about a test, and what is said about the whole criterion.

use super::cursor::{Cursor, Read};
use crate::tree::{Action, Condition, Criterion, Date, Deadline, GapPolicy, Scope, Test};

const DEADLINE: &str = "a date such as 2026-09-16, or a length of time such as 3mo";

/// Four digits, two and two: such as the thirtieth of February.
fn looks_like_a_date(text: &str) -> bool {
    let shape = text.bytes().take(10).map(|byte| match byte {
        b'0'..=b'9' => b'0',
        other => other,
    });
    shape.eq(*b"0000-00-00")
}

/// Puts a clause into its place; says so if there already is one.
fn once<T>(cursor: &Cursor<'_>, from: usize, place: &mut Option<T>, value: T) -> Read<bool> {
    if place.is_some() {
        return cursor.fault_at(from..cursor.place(), "this clause only once");
    }
    *place = Some(value);
    Ok(true)
}

impl Cursor<'_> {
    /// Reads one clause of a test; `false` where none stands.
    pub(super) fn test_clause(&mut self, test: &mut Test) -> Read<bool> {
        let from = self.place();
        let word = self.word();
        match word {
            "vs" => {
                self.skip(word.len());
                let reference = self.reference()?;
                once(self, from, &mut test.against, reference)
            }
            "margin" => {
                self.skip(word.len());
                let margin = self.value()?;
                once(self, from, &mut test.margin, margin)
            }
            "significant" => {
                self.skip(word.len());
                if test.significant {
                    return self.fault_at(from..self.place(), "this clause only once");
                }
                test.significant = true;
                Ok(true)
            }
            "cap" => {
                self.skip(word.len());
                let cap = self.value()?;
                once(self, from, &mut test.cap, cap)
            }
            "confidence" => {
                self.skip(word.len());
                let level = self.share(false)?;
                once(self, from, &mut test.confidence, level)
            }
            "min" => {
                self.skip(word.len());
                let count: u64 = self.count("a whole number")?;
                if self.word() == "points" {
                    self.back_to(from);
                    return Ok(false);
                }
                if !self.eat("samples") {
                    return self.fault("'samples' or 'points'");
                }
                once(self, from, &mut test.samples_min, count)
            }
            "over" => {
                self.skip(word.len());
                let window = self.exact_length()?;
                once(self, from, &mut test.over, window)
            }
            "derived" => {
                self.skip(word.len());
                self.need("change")?;
                self.need_sign("=", "'='")?;
                let value = self.value()?;
                once(self, from, &mut test.derived, value)
            }
            "actual" => {
                self.skip(word.len());
                self.need("unknown")?;
                if test.actual_unknown {
                    return self.fault_at(from..self.place(), "this clause only once");
                }
                test.actual_unknown = true;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    pub(super) fn deadline(&mut self) -> Read<Deadline> {
        match Date::read_prefix(self.rest()) {
            Some(date) => {
                self.skip("2026-09-16".len());
                Ok(Deadline::On(date))
            }
            None if looks_like_a_date(self.rest()) => {
                let at = self.place();
                self.fault_at(
                    at..at + "2026-09-16".len(),
                    "a day of the calendar, such as 2026-09-16",
                )
            }
            None if !self.at_value() => self.fault(DEADLINE),
            None => Ok(Deadline::In(self.length()?)),
        }
    }

    /// A condition and everything said about the whole of it.
    pub(super) fn criterion(&mut self, condition: Condition) -> Read<Criterion> {
        let mut criterion = Criterion::from(condition);
        loop {
            if self.criterion_clause(&mut criterion)? {
                continue;
            }
            let late = match &mut criterion.condition {
                Condition::Test(test) => self.test_clause(test)?,
                Condition::All(_)
                | Condition::Any(_)
                | Condition::Approve(_)
                | Condition::Check(_)
                | Condition::Delivered(_)
                | Condition::Event(_)
                | Condition::ForAll { .. }
                | Condition::Group(_)
                | Condition::Monitor(_)
                | Condition::Not(_)
                | Condition::Score(_) => false,
            };
            if !late {
                break;
            }
        }
        if matches!(self.word(), "and" | "or") {
            return self
                .fault("the end (what is said about the whole stands behind its last condition)");
        }
        Ok(criterion)
    }

    fn criterion_clause(&mut self, criterion: &mut Criterion) -> Read<bool> {
        Ok(self.time_clause(criterion)?
            || self.count_clause(criterion)?
            || self.response_clause(criterion)?)
    }

    fn time_clause(&mut self, criterion: &mut Criterion) -> Read<bool> {
        let from = self.place();
        let word = self.word();
        let place = match word {
            "every" => &mut criterion.every,
            "for" => &mut criterion.hold.for_,
            "keep" => &mut criterion.hold.keep,
            "throughout" | "during" => {
                self.skip(word.len());
                let scope = match word {
                    "during" => {
                        Scope::During(self.name("what it holds during, such as deployment")?)
                    }
                    _ => Scope::Throughout,
                };
                if criterion.scope != Scope::AtGate {
                    return self.fault_at(from..self.place(), "this clause only once");
                }
                criterion.scope = scope;
                return Ok(true);
            }
            "by" => {
                self.skip(word.len());
                let deadline = self.deadline()?;
                return once(self, from, &mut criterion.by, deadline);
            }
            _ => return Ok(false),
        };
        self.skip(word.len());
        let length = self.exact_length()?;
        once(self, from, place, length)
    }

    fn count_clause(&mut self, criterion: &mut Criterion) -> Read<bool> {
        let from = self.place();
        if self.eat("gap") {
            let policy = match self.word() {
                "freeze" => GapPolicy::Freeze,
                "reset" => GapPolicy::Reset,
                "tolerate" => {
                    self.skip("tolerate".len());
                    let policy = GapPolicy::Tolerate(self.count("how many evaluations")?);
                    return once(self, from, &mut criterion.hold.gap, policy);
                }
                _ => return self.fault("'reset', 'freeze' or 'tolerate' and a number"),
            };
            self.skip(self.word().len());
            return once(self, from, &mut criterion.hold.gap, policy);
        }
        if self.eat("min") {
            let count: u32 = match self.count("a whole number") {
                Ok(count) if self.word() == "points" => count,
                // More samples than fit here, or samples: for the test's own clauses to read.
                Ok(_) | Err(_) => {
                    self.back_to(from);
                    return Ok(false);
                }
            };
            self.need("points")?;
            return once(self, from, &mut criterion.hold.points_min, count);
        }
        if self.eat("at") {
            self.need("most")?;
            let count: u32 = self.count("how many failures")?;
            let consecutive = self.eat("consecutive");
            if !self.eat("failures") && !self.eat("failure") {
                return self.fault("'failures' or 'consecutive failures'");
            }
            let limits = &mut criterion.limits;
            let place = if consecutive {
                &mut limits.consecutive
            } else {
                &mut limits.total
            };
            return once(self, from, place, count);
        }
        Ok(false)
    }

    fn response_clause(&mut self, criterion: &mut Criterion) -> Read<bool> {
        let from = self.place();
        let response = &mut criterion.response;
        match self.word() {
            "severity" => {
                self.skip("severity".len());
                let severity = self.severity()?;
                once(self, from, &mut response.severity, severity)
            }
            "do" => {
                self.skip("do".len());
                let action = if self.rest().starts_with('"') {
                    Action::Said(self.quoted()?)
                } else {
                    Action::Named(
                        self.name("what to do: a name such as rollback, or a text in quotes")?,
                    )
                };
                response.actions.push(action);
                Ok(true)
            }
            "decide" => {
                self.skip("decide".len());
                self.need("within")?;
                let length = self.length()?;
                once(self, from, &mut response.decide_within, length)
            }
            "within" => {
                self.skip("within".len());
                let length = self.length()?;
                once(self, from, &mut response.within, length)
            }
            _ => Ok(false),
        }
    }
}
