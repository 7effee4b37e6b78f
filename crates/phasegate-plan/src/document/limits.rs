//! Limits against hostile documents. Everything that a document can make grow has one here.

/// What a document may use up. The defaults fit a plan of ten thousand phases.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of the document: 8 MiB. The longest of the plans we met has 20 KiB.
    pub bytes_max: usize,
    /// How deep lists and maps may be nested: 64. The model itself is 12 deep; adapters'
    /// configuration is free, and a walk over 64 levels fits any stack.
    pub depth_max: usize,
    /// Values in the tree, keys included: 1 000 000, about 100 MiB of memory; ten thousand phases have two
    /// thirds of them. Of these 50 000 may stand in one list or map, and 100 000 may be facts and comparisons in criteria. TOML
    /// besides: 200 000 tables, the parts of dotted keys included, and 4 000 000 words
    /// and signs, whatever is set here.
    pub values_max: usize,
    /// Aliases: 1 000.
    pub aliases_max: usize,
    /// Values that aliases may add by being expanded: 100 000. The bytes they add may be as many as the document's
    /// own.
    pub expansion_max: usize,
    /// Bytes of one text: 64 KiB.
    pub text_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes_max: 8 << 20,
            depth_max: 64,
            values_max: 1_000_000,
            aliases_max: 1_000,
            expansion_max: 100_000,
            text_bytes_max: 64 << 10,
        }
    }
}

impl Limits {
    /// Another limit on bytes.
    #[must_use]
    pub fn with_bytes_max(mut self, bytes_max: usize) -> Self {
        self.bytes_max = bytes_max;
        self
    }

    /// Why a text is refused, if it is too long.
    pub(super) fn refuse_text(&self, text: &str) -> Option<String> {
        let (len, most) = (text.len(), self.text_bytes_max);
        (len > most).then(|| format!("this text has {len} bytes, the limit is {most}"))
    }

    /// Another limit on nesting, at most 128: readers walk the tree by recursion.
    #[must_use]
    pub fn with_depth_max(mut self, depth_max: usize) -> Self {
        self.depth_max = depth_max.min(128);
        self
    }

    /// Another limit on the number of values.
    #[must_use]
    pub fn with_values_max(mut self, values_max: usize) -> Self {
        self.values_max = values_max;
        self
    }

    /// Another limit on expansion by aliases.
    #[must_use]
    pub fn with_expansion_max(mut self, expansion_max: usize) -> Self {
        self.expansion_max = expansion_max;
        self
    }
}
