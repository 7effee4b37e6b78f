//! Output within bounds. What is more is read and thrown away, so that a command that floods does not block.

use std::collections::VecDeque;
use std::ops::Range;

use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::mask::Masks;

/// Which part of an output is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    First,
    Last,
}

impl Part {
    /// Where in so many bytes those within the limit are.
    fn within(self, length: usize, max: usize) -> Range<usize> {
        match self {
            Self::First => 0..max.min(length),
            Self::Last => length.saturating_sub(max)..length,
        }
    }
}

/// The kept part of one output, growing while it is read.
#[derive(Debug)]
pub(crate) struct Capture {
    part: Part,
    kept: VecDeque<u8>,
    max: usize,
    margin: usize,
    read: u64,
}

impl Capture {
    pub(crate) fn new(part: Part, max: usize, masks: &Masks) -> Self {
        Self {
            part,
            kept: VecDeque::new(),
            max,
            margin: masks.margin(),
            read: 0,
        }
    }

    /// Reads until the end. Dropping the future keeps what was read.
    pub(crate) async fn drain(&mut self, mut from: impl AsyncRead + Unpin) {
        let mut buffer = vec![0; 16 << 10];
        loop {
            // A pipe that breaks is at its end.
            let Ok(length @ 1..) = from.read(&mut buffer).await else {
                return;
            };
            self.take(buffer.get(..length).unwrap_or_default());
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.read = self
            .read
            .saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        let hold = self.max + self.margin;
        match self.part {
            Part::First => {
                let room = hold.saturating_sub(self.kept.len());
                self.kept.extend(bytes.iter().take(room));
            }
            Part::Last => {
                self.kept.extend(bytes);
                let over = self.kept.len().saturating_sub(hold);
                self.kept.drain(..over);
            }
        }
    }

    /// Was anything left out?
    pub(crate) fn is_truncated(&self) -> bool {
        self.read > u64::try_from(self.max).unwrap_or(u64::MAX)
    }

    /// The kept part, masked and then cut to its limit.
    pub(crate) fn text(mut self, masks: &Masks) -> String {
        let (is_truncated, max) = (self.is_truncated(), self.max);
        let kept = self.kept.make_contiguous();
        let masked = if is_truncated {
            // What is held beside the limit says which secrets reach into it.
            let masked = masks.mask(kept, self.part.within(kept.len(), max));
            // A mask is longer than a short secret.
            let cut = masked.get(self.part.within(masked.len(), max));
            cut.unwrap_or_default().to_vec()
        } else {
            masks.mask(kept, 0..kept.len())
        };
        String::from_utf8_lossy(&masked).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(part: Part, text: &str, secret: &str) -> (String, bool) {
        let masks = Masks::new([secret]);
        let mut capture = Capture::new(part, 10, &masks);
        for chunk in text.as_bytes().chunks(3) {
            capture.take(chunk);
        }
        let truncated = capture.is_truncated();
        (capture.text(&masks), truncated)
    }

    /// However often a secret is repeated and wherever it is cut: no part of it that says anything is left.
    #[test]
    fn no_part_of_a_repeated_secret_is_left() {
        let secret = "abcdefghijklmnopqrstuvwxyz0123456789ABCD";
        for part in [Part::First, Part::Last] {
            for before in 0..50 {
                let text = format!("{}{}", ".".repeat(before), format!("{secret} ").repeat(9));
                let masks = Masks::new([secret]);
                let mut capture = Capture::new(part, 200, &masks);
                capture.take(text.as_bytes());
                let shown = capture.text(&masks);
                let left = shown.replace("[masked]", "");
                let letters = left.chars().filter(|one| one.is_ascii_alphanumeric());
                // Only a mask can be cut.
                assert!(
                    letters.count() <= "masked".len(),
                    "{part:?} {before}: {shown}"
                );
                assert!(!shown.contains("ab") && !shown.contains("CD"), "{shown}");
            }
        }
    }

    #[test]
    fn a_secret_at_the_cut_is_not_shown_in_part() {
        for (part, text, shown, truncated) in [
            (Part::First, "0123456789", "0123456789", false),
            (Part::First, "0123456789abc", "0123456789", true),
            (Part::First, "01234567secret89", "01234567[m", true),
            (Part::Last, "abc0123456789", "0123456789", true),
            (Part::Last, "89secret01234567", "d]01234567", true),
            (Part::Last, "secret", "[masked]", false),
        ] {
            assert_eq!(
                captured(part, text, "secret"),
                (shown.to_owned(), truncated),
                "{text}"
            );
        }
    }
}
