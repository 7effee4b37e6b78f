//! Is the window of an answer one that was asked for? An answer about another time says nothing about now, and
//! two versions are compared over the same time or not at all.

use phasegate_core::{Span, Timestamp, Window};

use super::read::Read;
use crate::verdict::{Why, WindowFault};

/// How long ago the window of an answer may have ended: a day, and what its source is late
/// ([`Prepared::with_lag`](crate::Prepared::with_lag)). A dashboard that still shows last week is no answer.
pub const ANSWER_AGE_MAX: Span = Span::from_secs(86_400);

/// When an answer is looked at, and how long ago its window may have ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    pub(super) at: Timestamp,
    pub(super) age_max: Span,
}

impl Now {
    pub(super) const fn new(at: Timestamp) -> Self {
        let age_max = ANSWER_AGE_MAX;
        Self { at, age_max }
    }

    /// Refuses what ends before it begins, what is longer than asked for and what ended too long ago. A shorter
    /// window is taken: no evidence is older than the last change, and the finding says how long it was.
    ///
    /// # Errors
    /// Why it does not fit.
    pub(super) fn fits(self, over: Option<Span>, window: Window) -> Read<()> {
        let fault = if window.end < window.start {
            WindowFault::Reversed
        } else if over.is_some_and(|asked| window.span() > asked) {
            WindowFault::TooLong
        } else if self.at.since(window.end) > self.age_max {
            WindowFault::Stale
        } else {
            return Ok(());
        };
        Err(Why::Window { fault })
    }
}

/// Two windows of one comparison, or of one sum: at least half of the longer one is common to both. Windows
/// without length are of the same moment.
///
/// # Errors
/// Where they are not.
pub(super) fn together(one: Window, other: Window) -> Read<()> {
    let longer = one.span().max(other.span());
    let common = one.end.min(other.end).since(one.start.max(other.start));
    let same = if longer.is_zero() {
        one.start == other.start
    } else {
        !common.is_zero() && u128::from(common.as_nanos()) * 2 >= u128::from(longer.as_nanos())
    };
    if same {
        return Ok(());
    }
    let fault = WindowFault::Apart;
    Err(Why::Window { fault })
}

#[cfg(test)]
mod tests {
    use phasegate_core::WindowKind;

    use super::*;

    fn window(start: u64, end: u64) -> Window {
        let second = |n: u64| Timestamp::EPOCH + Span::from_secs(n);
        Window {
            start: second(start),
            end: second(end),
            kind: WindowKind::SinceStart,
        }
    }

    #[test]
    fn a_window_fits_to_the_last_moment() {
        let now = |at: u64| Now::new(Timestamp::EPOCH + Span::from_secs(at));
        let over = Some(Span::from_secs(60));
        let why = |fault| Err(Why::Window { fault });
        assert_eq!(now(100).fits(over, window(40, 100)), Ok(()));
        assert_eq!(now(100).fits(over, window(90, 100)), Ok(()));
        assert_eq!(now(100).fits(None, window(0, 100)), Ok(()));
        assert_eq!(
            now(100).fits(over, window(39, 100)),
            why(WindowFault::TooLong)
        );
        assert_eq!(
            now(100).fits(over, window(60, 50)),
            why(WindowFault::Reversed)
        );
        assert_eq!(now(86_500).fits(over, window(40, 100)), Ok(()));
        assert_eq!(
            now(86_501).fits(over, window(40, 100)),
            why(WindowFault::Stale)
        );
    }

    #[test]
    fn windows_of_a_comparison_share_half_of_the_longer() {
        let apart = Err(Why::Window {
            fault: WindowFault::Apart,
        });
        for (one, other, fits) in [
            ((0, 100), (0, 100), true),
            ((0, 100), (50, 100), true),
            ((0, 100), (51, 100), false),
            ((0, 100), (50, 150), true),
            ((0, 100), (51, 151), false),
            ((0, 100), (100, 200), false),
            ((5, 5), (5, 5), true),
            ((5, 5), (6, 6), false),
            ((0, 10), (5, 5), false),
        ] {
            let expected = if fits { Ok(()) } else { apart.clone() };
            assert_eq!(
                together(window(one.0, one.1), window(other.0, other.1)),
                expected
            );
            assert_eq!(
                together(window(other.0, other.1), window(one.0, one.1)),
                expected
            );
        }
    }
}
