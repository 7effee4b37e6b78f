//! Values, ranges, comparisons, references, lengths of time.

use phasegate_core::{Quantity, Ratio};

use super::cursor::{COMMENTS, Cursor, Read};
use crate::tree::{Against, Band, Cmp, Given, Length, Operand, Reference, Value, ValueRange};

const VALUE: &str = "a value such as 5%, 200ms or $0.05";
const LENGTH: &str = "a length of time such as 5m, 8w or 3mo";

const SIGNS: [(&str, Cmp); 9] = [
    ("<=", Cmp::LessOrEqual),
    (">=", Cmp::GreaterOrEqual),
    ("==", Cmp::Equal),
    ("!=", Cmp::NotEqual),
    ("≤", Cmp::LessOrEqual),
    ("≥", Cmp::GreaterOrEqual),
    ("<", Cmp::Less),
    (">", Cmp::Greater),
    ("=", Cmp::Equal),
];

/// Is it a number such as `1e-5`?
fn has_exponent(written: &str) -> bool {
    let number = written.trim_start_matches(['+', '-']);
    let Some((digits, exponent)) = number.split_once(['e', 'E']) else {
        return false;
    };
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let begins = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    begins(digits) && digits.ends_with(|c: char| c.is_ascii_digit() || c == '.') && begins(exponent)
}

/// Does a letter stand right behind a quantity of this length, as in `200µs`?
fn runs_on(rest: &str, len: usize) -> bool {
    let behind = rest.get(len..).unwrap_or("");
    behind.starts_with(char::is_alphabetic)
}

/// What stands before the first comment of a text.
fn without_comment(text: &str) -> &str {
    if !text.contains(['/', '#']) {
        return text;
    }
    let signs = COMMENTS.into_iter().filter_map(|sign| text.find(sign));
    signs.min().and_then(|at| text.get(..at)).unwrap_or(text)
}

impl Cursor<'_> {
    pub(super) fn eat_cmp(&mut self) -> Option<Cmp> {
        let (sign, cmp) = SIGNS
            .into_iter()
            .find(|(sign, _)| self.rest().starts_with(sign))?;
        self.skip(sign.len());
        Some(cmp)
    }

    pub(super) fn cmp(&mut self) -> Read<Cmp> {
        match self.eat_cmp() {
            Some(cmp) => Ok(cmp),
            None => self.fault("a comparison: < <= > >= = !="),
        }
    }

    /// Does a value begin here?
    pub(super) fn at_value(&self) -> bool {
        let rest = self.rest();
        let rest = rest.strip_prefix('~').map_or(rest, str::trim_start);
        let signed = rest.strip_prefix(['+', '-']).unwrap_or(rest);
        signed.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '$' | '€' | '£'))
    }

    pub(super) fn quantity(&mut self, expected: &str) -> Read<Quantity> {
        let rest = self.rest();
        let len = rest.find(|c: char| c.is_whitespace() || matches!(c, ',' | ')' | ']'));
        let written = rest.get(..len.unwrap_or(rest.len())).unwrap_or("");
        let whole = self.place()..self.place() + written.len();
        if self.at_value() && has_exponent(written) {
            let expected = format!("{expected} (without an exponent: 0.00001, not 1e-5)");
            return self.fault_at(whole, &expected);
        }
        // A comment behind a value is not its unit: the fault is the comment's.
        let text = without_comment(rest);
        match Quantity::read_prefix(text) {
            Ok((_, len)) if runs_on(rest, len) => {
                let unit: String = written.chars().skip_while(|c| !c.is_alphabetic()).collect();
                self.fault_at(whole, &format!("{expected} ('{unit}' is no unit)"))
            }
            Ok((quantity, len)) => {
                self.skip(len);
                Ok(quantity)
            }
            Err(_) if !self.at_value() => self.fault(expected),
            Err(fault) => self.fault_at(whole, &format!("{expected} ({fault})")),
        }
    }

    pub(super) fn value(&mut self) -> Read<Value> {
        let approximate = self.eat_sign("~");
        let plus = self.rest().starts_with('+');
        let mut value = Value::new(self.quantity(VALUE)?);
        if plus {
            value = value.with_plus();
        }
        Ok(if approximate {
            value.approximately()
        } else {
            value
        })
    }

    pub(super) fn range(&mut self) -> Read<ValueRange> {
        let low = self.value()?;
        self.need_sign("..", "'..' and the other end of the range")?;
        Ok(ValueRange {
            low,
            high: self.value()?,
        })
    }

    /// A value, a range or `unknown`.
    pub(super) fn given(&mut self) -> Read<Given> {
        if self.eat("unknown") {
            return Ok(Given::Unknown);
        }
        let low = self.value()?;
        if self.eat_sign("..") {
            let high = self.value()?;
            return Ok(Given::Range(ValueRange { low, high }));
        }
        Ok(Given::Point(low))
    }

    pub(super) fn operand(&mut self) -> Read<Operand> {
        let named = match self.word() {
            "baseline" => Operand::Baseline,
            "budget" => Operand::Budget,
            "target" => Operand::Target,
            _ if self.at_value() => return Ok(Operand::Value(self.value()?)),
            _ => return self.fault(&format!("{VALUE}, or 'baseline', 'budget' or 'target'")),
        };
        self.skip(self.word().len());
        Ok(named)
    }

    /// `> 15s`, as in bands.
    pub(super) fn band(&mut self) -> Read<Band> {
        Ok(Band {
            op: self.cmp()?,
            value: self.value()?,
        })
    }

    pub(super) fn reference(&mut self) -> Read<Reference> {
        let against = match self.word() {
            "baseline" => Against::Baseline,
            "control" => Against::Control,
            "old" => Against::Old,
            "previous" => Against::Previous,
            _ => return self.fault("'baseline', 'control', 'old' or 'previous'"),
        };
        self.skip(self.word().len());
        let given = self.word() == "unknown" || self.at_value();
        let given = if given { Some(self.given()?) } else { None };
        Ok(Reference { against, given })
    }

    pub(super) fn length(&mut self) -> Read<Length> {
        let start = self.place();
        let quantity = self.quantity(LENGTH)?;
        match Length::new(quantity) {
            Some(length) => Ok(length),
            None => self.fault_at(start..self.place(), LENGTH),
        }
    }

    /// A length that has an exact number of seconds: windows and holds cannot be months.
    pub(super) fn exact_length(&mut self) -> Read<Length> {
        let start = self.place();
        let length = self.length()?;
        if length.span().is_some() {
            return Ok(length);
        }
        self.fault_at(
            start..self.place(),
            "a length of time in weeks or less (months have no fixed length)",
        )
    }

    /// A share above 0 % and below 100 %, with its sign: `95%`.
    pub(super) fn share(&mut self, whole_too: bool) -> Read<Ratio> {
        let start = self.place();
        let expected = if whole_too {
            "a share from 0% to 100%"
        } else {
            "a share above 0% and below 100%, such as 95%"
        };
        let quantity = self.quantity(expected)?;
        match quantity.to_string().parse::<Ratio>() {
            Ok(share) if whole_too || (share > Ratio::ZERO && share < Ratio::ONE) => Ok(share),
            Ok(_) | Err(_) => self.fault_at(start..self.place(), expected),
        }
    }
}
