//! Steps that make new values.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "tables of what fits: everything that is not listed does not fit, a new kind included"
)]

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::ConditionError;
use super::super::ast::Operator;
use super::super::item::{Item, Of};
use super::super::{builtin, operate, pattern, text};
use super::failed;
use super::run::{Machine, Outcome};

/// Work that compiling a pattern counts as.
const PATTERN_WORK: u64 = 20_000;

impl Machine<'_> {
    pub(super) fn binary(
        &mut self,
        operator: Operator,
        left: &Item,
        right: &Item,
    ) -> Outcome<Item> {
        self.charge(left.weight().saturating_add(right.weight()))?;
        match operator {
            Operator::Range => {
                let range = operate::range(left, right)?;
                let length = range.end().wrapping_sub(*range.start()).wrapping_add(1);
                self.grow(u64::try_from(length).unwrap_or(0))?;
                Item::list(Of::Integer, range.map(Item::Integer).collect())
            }
            Operator::Matches => self.matches(left, right).map(Item::Bool),
            _ => not_too_long(operate::binary(operator, left, right)?),
        }
    }

    /// By a pattern that is computed; the last one is kept.
    fn matches(&mut self, left: &Item, right: &Item) -> Outcome<bool> {
        if left.is_nil() || right.is_nil() {
            return Ok(false);
        }
        let Item::Text(text) = right else {
            return failed("operand is no text");
        };
        let known = self.pattern.as_ref().filter(|(known, _)| known == text);
        if known.is_none() {
            self.charge(PATTERN_WORK)?;
            let pattern = pattern::compile(text);
            let pattern = pattern.ok_or(ConditionError::value("not a regular expression"))?;
            self.pattern = Some((Arc::clone(text), pattern));
        }
        match &self.pattern {
            Some((_, pattern)) => operate::matches(left, pattern),
            None => failed("not a regular expression"),
        }
    }

    pub(super) fn builtin(&mut self, name: &str, count: usize) -> Outcome<Item> {
        let arguments = self.arguments(count)?;
        if !matches!(name, "first" | "get" | "last" | "type") {
            for argument in &arguments {
                self.charge(argument.weight())?;
            }
        }
        let outcome = builtin::run(name, &arguments)?;
        match (name, &outcome) {
            ("concat" | "flatten" | "reverse" | "sort", Item::List(list)) => {
                self.grow(list.items.len() as u64)?;
            }
            ("repeat", Item::Text(text)) => self.grow(text.len() as u64)?,
            _ => self.charge(outcome.weight())?,
        }
        not_too_long(outcome)
    }

    pub(super) fn array(&mut self) -> Outcome<Item> {
        let Item::Integer(count) = self.pop()? else {
            return failed("a length is no whole number");
        };
        let count = usize::try_from(count).unwrap_or(0);
        self.grow(count as u64)?;
        let items = self.arguments(count)?;
        Item::list(Of::Any, items)
    }

    /// Of two pairs of one key, the first counts.
    pub(super) fn map(&mut self) -> Outcome<Item> {
        let Item::Integer(count) = self.pop()? else {
            return failed("a length is no whole number");
        };
        self.grow(u64::try_from(count).unwrap_or(0))?;
        let mut entries = BTreeMap::new();
        for _ in 0..count {
            let (value, key) = (self.pop()?, self.pop()?);
            let Item::Text(key) = key else {
                return failed("a key is no text");
            };
            entries.insert(key, value);
        }
        Item::map(entries)
    }
}

fn not_too_long(item: Item) -> Outcome<Item> {
    match &item {
        Item::Text(text) if text.len() > text::LENGTH_MAX => failed("a text is too long"),
        _ => Ok(item),
    }
}
