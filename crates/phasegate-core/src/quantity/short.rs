//! Quantities as people read them.

use super::Quantity;
use crate::Decimal;

/// How many decimals are shown at most.
const DECIMALS: u32 = 4;

impl Quantity {
    /// The same quantity with about four digits that tell something, for sentences and tables: never to be
    /// calculated with. There are more where it would otherwise lie on another side of `limit`, become
    /// nothing, or become the hundred that it is not.
    ///
    /// ```
    /// use phasegate_core::Quantity;
    /// let short = |text: &str| text.parse::<Quantity>().map(|whole| whole.shortened(None).to_string());
    /// assert_eq!(short("1592.0956%")?, "1592%");
    /// assert_eq!(short("8.7129844ms")?, "8.713ms");
    /// assert_eq!(short("99.9999%")?, "99.9999%");
    /// let (seen, limit): (Quantity, Quantity) = ("100.004ms".parse()?, "100ms".parse()?);
    /// assert_eq!(seen.shortened(Some(&limit)).to_string(), "100.004ms");
    /// # Ok::<(), phasegate_core::QuantityError>(())
    /// ```
    #[must_use]
    pub fn shortened(&self, limit: Option<&Self>) -> Self {
        let whole = self.number;
        let least = match whole.abs() {
            number if number >= Decimal::from(1000u64) => 0,
            number if number >= Decimal::HUNDRED => 1,
            number if number >= Decimal::from(10u64) => 2,
            number if number >= Decimal::ONE => 3,
            _ => DECIMALS,
        };
        let to = |decimals| Self::new(whole.rounded(decimals).normalized(), self.unit.clone());
        let mut few = (least..=DECIMALS).map(to);
        let told = few.find(|short| self.is_told_by(short, limit));
        told.unwrap_or_else(|| Self::new(whole.normalized(), self.unit.clone()))
    }

    fn is_told_by(&self, short: &Self, limit: Option<&Self>) -> bool {
        let same = |end: Decimal| (short.number == end) == (self.number == end);
        // What was not rounded needs no look at the limit.
        let side = |quantity: &Self| limit.map(|limit| quantity.compare(limit));
        short.number == self.number
            || same(Decimal::ZERO) && same(Decimal::HUNDRED) && side(short) == side(self)
    }
}
