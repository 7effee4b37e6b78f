//! PostgreSQL's numbers: `numeric` in its binary form (`numeric_send` of its `utils/adt/numeric.c`), and the
//! native ones.

use std::error::Error;

use bytes::{BufMut as _, BytesMut};
use phasegate_core::Decimal;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

/// Each digit of a `numeric` stands for four decimal ones.
const BASE: i128 = 10_000;
const NEGATIVE: u16 = 0x4000;

/// What is in a column of numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell {
    Null,
    Number(Decimal),
}

impl<'a> FromSql<'a> for Cell {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let number = match *kind {
            Type::INT2 => Decimal::from(i64::from(i16::from_sql(kind, raw)?)),
            Type::INT4 => Decimal::from(i64::from(i32::from_sql(kind, raw)?)),
            Type::INT8 => Decimal::from(i64::from_sql(kind, raw)?),
            // By way of text, so that 0.1 stays 0.1.
            Type::FLOAT4 => Decimal::from_f64(f32::from_sql(kind, raw)?.to_string().parse()?)?,
            Type::FLOAT8 => Decimal::from_f64(f64::from_sql(kind, raw)?)?,
            _ => decode(raw)?,
        };
        Ok(Self::Number(number))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(kind: &Type) -> bool {
        matches!(
            *kind,
            Type::INT2 | Type::INT4 | Type::INT8 | Type::FLOAT4 | Type::FLOAT8 | Type::NUMERIC
        )
    }
}

/// A number on its way to the server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numeric(pub(crate) Decimal);

impl ToSql for Numeric {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let (mantissa, scale) = self.0.parts();
        // As many decimals as whole digits hold.
        let groups = scale.div_ceil(4);
        let aligned = mantissa.checked_mul(10i128.pow(groups * 4 - scale));
        let mut rest = aligned.ok_or("a number of too many digits")?.unsigned_abs();
        let mut digits = Vec::new();
        while rest > 0 {
            digits.push(u16::try_from(rest % BASE.unsigned_abs())?);
            rest /= BASE.unsigned_abs();
        }
        let count = i16::try_from(digits.len())?;
        out.put_i16(count);
        out.put_i16(count - 1 - i16::try_from(groups)?);
        out.put_u16(if mantissa < 0 { NEGATIVE } else { 0 });
        out.put_u16(u16::try_from(scale)?);
        for digit in digits.iter().rev() {
            out.put_u16(*digit);
        }
        Ok(IsNull::No)
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::NUMERIC
    }

    to_sql_checked!();
}

/// The decimal of a `numeric`. NaN, infinities and more than 28 digits are none.
fn decode(raw: &[u8]) -> Result<Decimal, Box<dyn Error + Sync + Send>> {
    let mut words = raw
        .chunks_exact(2)
        .map(|pair| pair.try_into().map_or(0, u16::from_be_bytes));
    let mut next = || words.next().ok_or("a number that is cut off");
    let (count, weight, sign, _scale) = (next()?, next()?, next()?, next()?);
    if sign != 0 && sign != NEGATIVE {
        return Err("it is NaN or infinite".into());
    }
    let mut mantissa = 0i128;
    for _ in 0..count {
        let digit = i128::from(next()?);
        let longer = mantissa.checked_mul(BASE);
        mantissa = longer.ok_or("it has more than 28 digits")? + digit;
    }
    if words.next().is_some() {
        return Err("a number with something behind it".into());
    }
    // The weight is signed, and of the first digit.
    let weight = i32::from(weight.cast_signed());
    let decimals = (i32::from(count) - 1 - weight) * 4;
    // More lie beyond what a decimal holds, whatever the digits are.
    if decimals.abs() > 64 {
        return Err("it has more than 28 digits".into());
    }
    let sign = if sign == NEGATIVE { "-" } else { "" };
    Ok(format!("{sign}{}", placed(mantissa, decimals)).parse::<Decimal>()?)
}

/// A mantissa with its point set before the last so many digits, or with so many zeros behind it.
fn placed(mantissa: i128, decimals: i32) -> String {
    let digits = mantissa.to_string();
    let Some(decimals) = usize::try_from(decimals).ok().filter(|count| *count > 0) else {
        let zeros = usize::try_from(decimals.unsigned_abs()).unwrap_or(0);
        return format!("{digits}{}", "0".repeat(zeros));
    };
    let digits = format!("{digits:0>width$}", width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() {
        whole.to_owned()
    } else {
        format!("{whole}.{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_comes_back_from_its_binary_form() {
        for text in [
            "0",
            "1",
            "-1",
            "9999",
            "10000",
            "12345678.9",
            "0.5",
            "0.00001",
            "-0.0123",
            "100000000",
            "250.75",
            "1234567890123456789.123456789",
            "0.0000000000000000000000000001",
        ] {
            let decimal: Decimal = text.parse().expect("a decimal");
            let mut out = BytesMut::new();
            Numeric(decimal)
                .to_sql(&Type::NUMERIC, &mut out)
                .expect(text);
            let back = decode(&out).expect(text);
            assert_eq!(back.normalized().to_string(), text, "{out:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_number_are_none() {
        let header = |count: u16, weight: i16, sign: u16| {
            let words = [count, weight.cast_unsigned(), sign, 0];
            words.map(u16::to_be_bytes).concat()
        };
        let mut long = header(12, 11, 0);
        long.extend([9u8; 24]);
        for raw in [
            vec![],
            header(0, 0, 0xC000),
            header(0, 0, 0xD000),
            header(0, 0, 0xF000),
            header(1, 0, 0),
            [header(0, 0, 0), vec![0, 1]].concat(),
            [header(1, i16::MAX, 0), vec![0, 1]].concat(),
            [header(1, i16::MIN, 0), vec![0, 1]].concat(),
            [header(1, 8, 0), vec![0, 1]].concat(),
            long,
        ] {
            assert!(decode(&raw).is_err(), "{raw:?}");
        }
    }
}
