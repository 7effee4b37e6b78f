//! JSON that nothing is wrong with, in one pass, with places. What is not plain is left to the reader that says
//! what is wrong: whatever is not JSON, goes beyond a limit or has a key twice, and texts with characters or
//! escapes that few documents have.

use super::{Entries, Entry, Extent, Items, Kind, Limits, Node, Source, Text, Tree};

/// The root of a text's tree, which the source keeps; `None` if it is not plain.
pub(super) fn read(source: &mut Source, limits: Limits) -> Option<Node> {
    let text = &*source.shared();
    let mut reader = Reader {
        text,
        at: 0,
        limits,
        values: 0,
        tree: Tree::for_bytes(text.len()),
        entries: Vec::new(),
        items: Vec::new(),
    };
    reader.space();
    let root = reader.value(0)?;
    reader.space();
    let whole = reader.at == text.len();
    let filled = !matches!(root.kind, Kind::Scalar { .. });
    if !whole || !filled {
        return None;
    }
    *source.tree_mut() = reader.tree;
    Some(root)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    limits: Limits,
    values: usize,
    tree: Tree,
    /// The entries of the maps that are open, and the items of the lists: those of one go to the tree together.
    entries: Vec<Entry>,
    items: Vec<Node>,
}

/// Up to here a scan of the entries is cheaper than sorting them.
const SMALL_MAP: usize = 16;

impl Reader<'_> {
    fn rest(&self) -> &[u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        let rest = self.rest();
        let sign = |byte: &u8| !matches!(byte, b' ' | b'\n' | b'\t' | b'\r');
        self.at += rest.iter().position(sign).unwrap_or(rest.len());
    }

    /// Passes over one sign, with the space around it.
    fn sign(&mut self, sign: u8) -> Option<()> {
        self.space();
        (self.peek()? == sign).then(|| self.at += 1)
    }

    /// Behind an item: is there another one? `None` if there is neither a comma nor the end.
    fn more(&mut self, end: u8) -> Option<bool> {
        self.space();
        let sign = self.peek()?;
        self.at += 1;
        match sign {
            b',' => Some(true),
            _ => (sign == end).then_some(false),
        }
    }

    fn count(&mut self) -> Option<()> {
        self.values += 1;
        (self.values <= self.limits.values_max).then_some(())
    }

    /// A value, which begins here.
    #[inline]
    fn value(&mut self, depth: usize) -> Option<Node> {
        self.count()?;
        let start = self.at;
        let kind = match self.peek()? {
            b'{' if depth < self.limits.depth_max => Kind::Map(self.map(depth + 1)?),
            b'[' if depth < self.limits.depth_max => Kind::List(self.list(depth + 1)?),
            b'"' => Kind::Scalar {
                text: self.quoted()?,
                bare: false,
            },
            _ => Kind::Scalar {
                text: self.bare()?,
                bare: true,
            },
        };
        let at = Extent::new(start, self.at);
        Some(Node { kind, at })
    }

    fn list(&mut self, depth: usize) -> Option<Items> {
        self.at += 1;
        let outer = self.items.len();
        let mut open = self.sign(b']').is_none();
        while open {
            self.space();
            let item = self.value(depth)?;
            self.items.push(item);
            open = self.more(b']')?;
        }
        let items = self.tree.list(self.items.get(outer..)?);
        self.items.truncate(outer);
        Some(items)
    }

    fn map(&mut self, depth: usize) -> Option<Entries> {
        self.at += 1;
        let outer = self.entries.len();
        let mut open = self.sign(b'}').is_none();
        while open {
            self.space();
            let start = self.at;
            let key = self.quoted()?;
            let key_at = Extent::new(start, self.at);
            self.count()?;
            let before = self.entries.get(outer..)?;
            let few = before.len() < SMALL_MAP;
            if few && before.iter().any(|entry| self.is_same(entry.key, key)) {
                return None;
            }
            self.sign(b':')?;
            self.space();
            let value = self.value(depth)?;
            self.entries.push(Entry { key, key_at, value });
            open = self.more(b'}')?;
        }
        let entries = self.entries.get(outer..)?;
        if !self.each_once(entries) {
            return None;
        }
        let entries = self.tree.map(entries);
        self.entries.truncate(outer);
        Some(entries)
    }

    fn read(&self, text: Text) -> &str {
        text.within(self.text, self.tree.made())
    }

    fn is_same(&self, one: Text, other: Text) -> bool {
        one.len() == other.len() && self.read(one) == self.read(other)
    }

    /// Does each key of a map of many stand there once? Those before [`SMALL_MAP`] have been looked at.
    fn each_once(&self, entries: &[Entry]) -> bool {
        if entries.len() <= SMALL_MAP {
            return true;
        }
        let keys = entries.iter().map(|entry| self.read(entry.key));
        let mut keys: Vec<&str> = keys.collect();
        keys.sort_unstable();
        keys.windows(2).all(|pair| pair.first() != pair.last())
    }

    /// A number or one of the three words.
    fn bare(&mut self) -> Option<Text> {
        let end = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b' ' | b'\n' | b'\t' | b'\r');
        let rest = self.rest();
        let len = rest.iter().position(end).unwrap_or(rest.len());
        let text = self.text.get(self.at..self.at + len)?;
        let known = matches!(text, "true" | "false" | "null") || is_number(text.as_bytes());
        (known && len <= self.limits.text_bytes_max).then(|| {
            let start = self.at;
            self.at += len;
            Text::Written(Extent::new(start, self.at))
        })
    }

    /// A text in quotes.
    fn quoted(&mut self) -> Option<Text> {
        if self.peek()? != b'"' {
            return None;
        }
        self.at += 1;
        let plain = self.plain()?;
        let start = self.at;
        self.at += plain;
        if self.peek()? == b'"' {
            self.at += 1;
            let fits = plain <= self.limits.text_bytes_max;
            return fits.then(|| Text::Written(Extent::new(start, start + plain)));
        }
        let mut text = self.text.get(start..self.at)?.to_owned();
        loop {
            let sign = self.peek()?;
            self.at += 1;
            match sign {
                b'"' if text.len() <= self.limits.text_bytes_max => {
                    return Some(self.tree.make(&text));
                }
                b'\\' => text.push(self.escaped()?),
                _ => return None,
            }
            let plain = self.plain()?;
            text.push_str(self.text.get(self.at..self.at + plain)?);
            self.at += plain;
        }
    }

    /// How many bytes from here stand for themselves; `None` if a character among them is a rare one.
    fn plain(&self) -> Option<usize> {
        let rest = self.rest();
        let mut len = 0;
        loop {
            len += plainest(rest.get(len..)?);
            match rest.get(len..)? {
                [b'"' | b'\\', ..] => return Some(len),
                // Other control characters, marks of the order of bytes, and what is no character.
                [0..=0x1f | 0x7f, ..]
                | [0xc2, 0x80..=0x9f, ..]
                | [0xef, 0xbb, 0xbf, ..]
                | [0xef, 0xbf, 0xbe | 0xbf, ..] => return None,
                _ => len += 1,
            }
        }
    }

    fn escaped(&mut self) -> Option<char> {
        let sign = self.peek()?;
        self.at += 1;
        match sign {
            b'"' | b'\\' | b'/' => Some(char::from(sign)),
            b'b' => Some('\u{8}'),
            b'f' => Some('\u{c}'),
            b'n' => Some('\n'),
            b'r' => Some('\r'),
            b't' => Some('\t'),
            b'u' => {
                let digits = self.text.get(self.at..self.at + 4)?;
                let hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
                let code = u32::from_str_radix(digits, 16)
                    .ok()
                    .filter(|_| hexadecimal)?;
                self.at += 4;
                // Halves of pairs are no characters.
                char::from_u32(code)
            }
            _ => None,
        }
    }
}

/// How many bytes at the front are letters, digits and signs that stand for themselves.
fn plainest(bytes: &[u8]) -> usize {
    const TOPS: u64 = u64::from_ne_bytes([0x80; 8]);
    let each = |byte: u8| u64::from_ne_bytes([byte; 8]);
    // The top bit of each byte that is less than another one; from the first of them on others may be wrong.
    let below = |word: u64, byte: u8| word.wrapping_sub(each(byte)) & !word;
    let is = |word: u64, byte: u8| below(word ^ each(byte), 1);
    let (words, rest) = bytes.as_chunks::<8>();
    for (number, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let control = below(word, 0x20) | is(word, 0x7f) | word;
        let stops = (control | is(word, b'"') | is(word, b'\\')) & TOPS;
        if stops != 0 {
            let before = usize::try_from(stops.trailing_zeros() / 8).unwrap_or_default();
            return number * 8 + before;
        }
    }
    let stop = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1f | 0x7f..);
    bytes.len() - rest.len() + rest.iter().position(stop).unwrap_or(rest.len())
}

/// A number as JSON writes it.
fn is_number(text: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits(text);
    let leading = matches!(text, [b'0', b'0'..=b'9', ..]);
    let mut rest = text.get(whole..).unwrap_or_default();
    if whole == 0 || leading {
        return false;
    }
    if let [b'.', behind @ ..] = rest {
        let places = digits(behind);
        if places == 0 {
            return false;
        }
        rest = behind.get(places..).unwrap_or_default();
    }
    match rest {
        [] => true,
        [b'e' | b'E', b'+' | b'-', power @ ..] | [b'e' | b'E', power @ ..] => {
            !power.is_empty() && digits(power) == power.len()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{json, yaml};
    use super::*;

    fn read(text: &str, limits: Limits) -> Option<(Source, Node)> {
        let mut source = Source::new("a.json", text);
        let root = super::read(&mut source, limits)?;
        Some((source, root))
    }

    /// What the other reader makes of it.
    fn slowly(text: &str) -> Option<(Source, Node)> {
        let mut source = Source::new("a.json", text);
        let mut faults = Vec::new();
        let root = yaml::read(&mut source, Limits::default(), &mut faults);
        let root = root.filter(|_| faults.is_empty())?;
        Some((source, root))
    }

    /// Two trees, each with its source.
    fn same(one: (&Source, &Node), other: (&Source, &Node)) -> bool {
        let ((source, one), (its, other)) = (one, other);
        let kinds = match (one.kind, other.kind) {
            (
                Kind::Scalar { text, bare },
                Kind::Scalar {
                    text: other,
                    bare: other_bare,
                },
            ) => text.of(source) == other.of(its) && bare == other_bare,
            (Kind::List(list), Kind::List(others)) => {
                let (list, others) = (source.items(list), its.items(others));
                let mut pairs = list.iter().zip(others);
                list.len() == others.len() && pairs.all(|(a, b)| same((source, a), (its, b)))
            }
            (Kind::Map(map), Kind::Map(others)) => {
                let (map, others) = (source.entries(map), its.entries(others));
                let mut pairs = map.iter().zip(others);
                map.len() == others.len()
                    && pairs.all(|(a, b)| {
                        a.key.of(source) == b.key.of(its)
                            && a.key_at == b.key_at
                            && same((source, &a.value), (its, &b.value))
                    })
            }
            _ => false,
        };
        kinds && one.at == other.at
    }

    #[test]
    fn what_is_not_plain_json_is_left_to_the_other_reader() {
        for text in [
            "",
            " ",
            "1",
            "\"a\"",
            "null",
            "{",
            "[",
            "[1,]",
            "[1 2]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a: 1}",
            "{'a': 1}",
            "[01]",
            "[1.]",
            "[.5]",
            "[+1]",
            "[1e]",
            "[1e+]",
            "[--1]",
            "[0x1]",
            "[NaN]",
            "[True]",
            "[yes]",
            "[nul]",
            "[\"a]",
            "[\"\\x\"]",
            "[\"\\u12\"]",
            "[\"\\u+123\"]",
            "[\"\\ud83d\"]",
            "[\"\t\"]",
            "[\"\u{7f}\"]",
            "[\"\u{85}\"]",
            "[\"\u{feff}\"]",
            "\u{feff}[]",
            "[] []",
            "[]x",
            "{\"a\":1,\"a\":2}",
            "{\"a\":1, // b\n\"b\":2}",
            "[1] # b",
            "{\"a\" 1}",
            "[-]",
        ] {
            assert!(read(text, Limits::default()).is_none(), "{text}");
        }
    }

    #[test]
    fn keys_that_stand_twice_are_found_in_maps_of_many_too() {
        let map = |keys: usize, last: &str| {
            let entries: String = (0..keys).map(|key| format!("\"k{key}\": 1, ")).collect();
            format!("{{{entries}\"{last}\": 1}}")
        };
        for keys in [1, 15, 16, 17, 40] {
            assert!(
                read(&map(keys, "last"), Limits::default()).is_some(),
                "{keys}"
            );
            for twice in ["k0".to_owned(), format!("k{}", keys - 1)] {
                assert!(
                    read(&map(keys, &twice), Limits::default()).is_none(),
                    "{keys} {twice}"
                );
            }
        }
    }

    #[test]
    fn limits_hold() {
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        let limits = Limits::default().with_depth_max(5).with_values_max(6);
        assert!(read(&deep(5), limits).is_some());
        assert!(read(&deep(6), limits).is_none());
        assert!(read("[1,2,3,4,5]", limits).is_some());
        assert!(read("[1,2,3,4,5,6]", limits).is_none());
        assert!(read("{\"a\":1,\"b\":{}}", limits).is_some());
        assert!(read("{\"a\":1,\"b\":[2,3]}", limits).is_none());
        let text = |len: usize| format!("[\"{}\"]", "x".repeat(len));
        let most = Limits::default().text_bytes_max;
        assert!(read(&text(most), Limits::default()).is_some());
        assert!(read(&text(most + 1), Limits::default()).is_none());
    }

    fn value() -> impl Strategy<Value = serde_json::Value> {
        use serde_json::Value;
        let text = prop_oneof![
            any::<String>(),
            "[ -~]{0,12}",
            "[a-c:#,{}\\[\\]&*!|>%@`'\"-]{1,4}"
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-1e9..1e9).prop_map(Value::from),
            text.prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 60, 20, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                proptest::collection::btree_map("\\PC{1,8}", inner, 0..20)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn both_readers_make_the_same_tree(value in value(), pretty in any::<bool>()) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
            let text = text.expect("it prints");
            if let (Some(plain), Some(slow)) = (read(&text, Limits::default()), slowly(&text)) {
                let alike = same((&plain.0, &plain.1), (&slow.0, &slow.1));
                prop_assert!(alike, "{text}\n{plain:?}\n{slow:?}");
            }
        }

        #[test]
        fn only_json_is_plain(text in "[\\[\\]{}:,\"\\\\ 0-9a-fenltrsu.+-]{0,24}") {
            if read(&text, Limits::default()).is_some() {
                prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{text}");
            }
        }
    }

    #[test]
    fn whole_documents_are_plain_and_read_the_same() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/plans");
        let mut seen = 0;
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.extension().is_none_or(|ending| ending != "yaml") {
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("text");
            let document = crate::PlanDocument::read("a.yaml", text.as_bytes());
            let value = document.value_at("").expect("it can be read");
            let text = serde_json::to_string_pretty(&value).expect("it prints");
            let (source, plain) = read(&text, Limits::default()).expect("plain");
            let (mut its, slow) = slowly(&text).expect("it can be read");
            let alike = same((&source, &plain), (&its, &slow));
            assert!(alike, "{}", path.display());
            assert!(json::read(&mut its, Limits::default(), &mut Vec::new()).is_some());
            seen += 1;
        }
        assert!(seen >= 10, "{seen}");
    }
}
