//! Conditions: `or` binds loosest, then `and`; brackets and scores go deeper.

use super::cursor::{Cursor, Read};
use crate::tree::{
    Assertion, Band, Choice, Condition, Group, Negated, Operand, Reference, Subject, Test, Weighted,
};

const ASSERTION: &str = "a comparison (< <= > >= = !=), 'in', '->', 'warn', 'crit', 'no worse than', 'comparable to' or 'stable'";

const STATED: &str = "'approve', 'check', 'on event' or 'all ... satisfy' after 'not' (of a comparison write the opposite one)";

impl Cursor<'_> {
    pub(super) fn condition(&mut self) -> Read<Condition> {
        let first = self.conjunction()?;
        self.more(first, "or", Self::conjunction, Condition::Any)
    }

    fn conjunction(&mut self) -> Read<Condition> {
        let first = self.term()?;
        self.more(first, "and", Self::term, Condition::All)
    }

    fn more(
        &mut self,
        first: Condition,
        word: &str,
        next: fn(&mut Self) -> Read<Condition>,
        make: fn(Group) -> Condition,
    ) -> Read<Condition> {
        if self.word() != word {
            return Ok(first);
        }
        let mut members = vec![first];
        while self.eat(word) {
            members.push(next(self)?);
        }
        match Group::new(members) {
            Some(group) => Ok(make(group)),
            None => self.fault("another condition"),
        }
    }

    fn term(&mut self) -> Read<Condition> {
        if self.eat_sign("(") {
            let inner = self.deeper(Self::condition)?;
            self.need_sign(
                ")",
                "'and', 'or' or ')' (what is said about the whole stands behind the brackets)",
            )?;
            return Ok(inner);
        }
        match self.word() {
            "all" => self.all(),
            "approve" => {
                self.skip("approve".len());
                Ok(Condition::Approve(self.name("a role")?))
            }
            "check" => {
                self.skip("check".len());
                Ok(Condition::Check(self.quoted()?))
            }
            "delivered" => {
                self.skip("delivered".len());
                self.need("within")?;
                Ok(Condition::Delivered(self.length()?))
            }
            "monitor" => {
                self.skip("monitor".len());
                self.need("for")?;
                Ok(Condition::Monitor(self.length()?))
            }
            "not" => {
                self.skip("not".len());
                let start = self.place();
                let of = self.deeper(Self::term)?;
                match Negated::new(of) {
                    Some(negated) => Ok(Condition::Not(negated)),
                    None => self.fault_at(start..self.place(), STATED),
                }
            }
            "on" => {
                self.skip("on".len());
                self.need("event")?;
                self.need_sign("(", "'('")?;
                let events: Choice = self.choice()?;
                self.need_sign(")", "'or' or ')'")?;
                Ok(Condition::Event(events))
            }
            "score" => {
                self.skip("score".len());
                self.deeper(Self::score)
            }
            _ => {
                let subject = self.subject()?;
                self.test(subject)
            }
        }
    }

    /// After `all`: a group of criteria, or things that satisfy something.
    fn all(&mut self) -> Read<Condition> {
        self.skip("all".len());
        if self.eat_all(&["of", "criteria"]) {
            if !self.eat_sign("(") {
                return Ok(Condition::Group(None));
            }
            let name = self.name("a group of criteria")?;
            self.need_sign(")", "')'")?;
            return Ok(Condition::Group(Some(name)));
        }
        let of = self.measure()?;
        self.need("satisfy")?;
        let satisfy = self.quoted()?;
        let mut among = Vec::new();
        if self.eat("in") {
            self.need_sign("[", "'['")?;
            among.push(self.name("a name")?);
            while self.eat_sign(",") {
                among.push(self.name("a name")?);
            }
            self.need_sign("]", "',' or ']'")?;
        }
        Ok(Condition::ForAll { of, satisfy, among })
    }

    fn score(&mut self) -> Read<Condition> {
        self.need_sign(
            "[",
            "'[' and weighted conditions such as 2: p95(latency) < 200ms",
        )?;
        let mut parts = Vec::new();
        loop {
            let start = self.place();
            let weight: u32 = self.count("a weight, a whole number above 0")?;
            if weight == 0 {
                return self.fault_at(start..self.place(), "a weight above 0");
            }
            self.need_sign(":", "':' and a condition")?;
            parts.push((weight, self.condition()?));
            if !self.eat_sign(",") {
                break;
            }
        }
        self.need_sign("]", "',' and another weighted condition, or ']'")?;
        self.need_sign(">=", "'>=' and the share that passes")?;
        let pass = self.share(true)?;
        let warn = if self.eat("warn") {
            Some(self.share(true)?)
        } else {
            None
        };
        match Weighted::new(parts, pass, warn) {
            Some(weighted) => Ok(Condition::Score(weighted)),
            None => self.fault("a weighted condition"),
        }
    }

    /// A test, after its subject. Clauses may stand before the comparison and behind it.
    pub(super) fn test(&mut self, subject: Subject) -> Read<Condition> {
        let mut test = Box::new(Test::new(subject, Assertion::Stable));
        while self.test_clause(&mut test)? {}
        test.assertion = self.assertion()?;
        while self.test_clause(&mut test)? {}
        Ok(Condition::Test(test))
    }

    fn assertion(&mut self) -> Read<Assertion> {
        if let Some(op) = self.eat_cmp() {
            let value: Operand = self.operand()?;
            return Ok(Assertion::Compare(Band { op, value }));
        }
        if self.eat("in") {
            return Ok(Assertion::Within(self.range()?));
        }
        if self.eat("stable") {
            return Ok(Assertion::Stable);
        }
        if self.eat("no") {
            self.need("worse")?;
            self.need("than")?;
            return Ok(Assertion::NoWorse(self.reference()?));
        }
        if self.eat("comparable") {
            self.need("to")?;
            let reference: Reference = self.reference()?;
            return Ok(Assertion::Comparable(reference));
        }
        if matches!(self.word(), "warn" | "crit") {
            let warn = if self.eat("warn") {
                Some(self.band()?)
            } else {
                None
            };
            let crit = if self.eat("crit") {
                Some(self.band()?)
            } else {
                None
            };
            return Ok(Assertion::Bands { warn, crit });
        }
        let from = if self.at_value() {
            Some(self.given()?)
        } else {
            None
        };
        if from.is_none() && !self.rest().starts_with("->") {
            return self.fault(ASSERTION);
        }
        self.need_sign("->", "'->' and the goal")?;
        Ok(Assertion::Reach {
            from,
            op: self.eat_cmp(),
            to: self.value()?,
        })
    }
}
