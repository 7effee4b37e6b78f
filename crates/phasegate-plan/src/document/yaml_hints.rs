//! What people get wrong in YAML, in words that say what to write instead. The parser's error names the
//! rule that was broken; here the text around it tells what was meant.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser has many errors, and only those that people make have a hint"
)]

use granit_parser::ErrorKind;

use super::Extent;

/// A syntax error for people.
pub(super) struct Hint {
    pub(super) at: Extent,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl Hint {
    fn new(at: Extent, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            at,
            message: message.into(),
            help: Some(help.into()),
        }
    }
}

/// YAML's own limit of a key that stands on one line with its value.
const KEY_CHARS_MAX: usize = 1024;

/// So many lines before an error are searched for a comment that hides a bracket.
const COMMENT_LINES_MAX: usize = 20;

/// Longer texts are not repeated in a hint.
const SHOWN_CHARS_MAX: usize = 60;

/// What an error of the parser at a byte of the text means.
pub(super) fn hint(kind: &ErrorKind, info: String, text: &str, at: usize) -> Hint {
    let spot = Spot::new(text, at);
    if let Some(found) = spot.conflict().or_else(|| spot.comment_in_brackets()) {
        return found;
    }
    let here = spot.here();
    match kind {
        ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabInIndentation
        | ErrorKind::TabNotAllowed
        | ErrorKind::TabAtBlockScalarStart => Hint::new(
            spot.tab(),
            "a tab stands where blanks must: YAML is indented with blanks alone",
            "replace each tab by two blanks",
        ),
        ErrorKind::MappingValueNotAllowed => spot.second_colon(),
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => spot.no_key(),
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::InvalidIndentation => spot.out_of_line(),
        ErrorKind::ExpectedBlockSequenceEntry => Hint::new(
            here,
            "a list item begins with '- ', this line does not",
            "indent the line to make it part of the item above, or begin it with '- '",
        ),
        ErrorKind::BlockSequenceEntryNotAllowed => Hint::new(
            here,
            "a list cannot begin behind a key on the same line",
            "put '- ' on the next line, or write [a, b]; a text that begins with '-' is quoted",
        ),
        ErrorKind::UnexpectedCharacter { .. }
        | ErrorKind::MissingAnchorOrAliasName
        | ErrorKind::UnexpectedEofBlockMapping
        | ErrorKind::InvalidBlockScalarHeader
        | ErrorKind::PlainScalarStartsWithDashFlowIndicator => spot.bad_start(),
        other => in_quotes(other, &spot)
            .or_else(|| in_brackets(other, here))
            .unwrap_or(Hint {
                at: here,
                message: info,
                help: None,
            }),
    }
}

/// What is wrong with a quoted text, if that is it.
fn in_quotes(kind: &ErrorKind, spot: &Spot<'_>) -> Option<Hint> {
    let here = spot.here();
    Some(match kind {
        ErrorKind::UnclosedQuotedScalar | ErrorKind::InvalidQuotedScalarIndent => Hint::new(
            spot.open_quote(),
            "this quoted text is not closed on its line",
            "put the closing quote behind the text",
        ),
        ErrorKind::InvalidTrailingSingleQuotedScalar => Hint::new(
            here,
            "the quoted text ends before this",
            "within single quotes a ' is written twice (''), or use double quotes around it",
        ),
        ErrorKind::InvalidTrailingDoubleQuotedScalar => Hint::new(
            here,
            "the quoted text ends before this",
            "put the quotes around all of the text; within double quotes a \" is written \\\"",
        ),
        ErrorKind::UnknownQuotedScalarEscape => Hint::new(
            spot.escape(),
            "within double quotes a backslash begins an escape, and there is no such one",
            "write the backslash twice; in YAML single quotes do too",
        ),
        _ => return None,
    })
}

/// What is wrong with brackets, if that is it.
fn in_brackets(kind: &ErrorKind, here: Extent) -> Option<Hint> {
    Some(match kind {
        ErrorKind::BlockEntryInFlowCollection
        | ErrorKind::ExpectedFlowMappingSeparator
        | ErrorKind::ExpectedFlowSequenceSeparator
        | ErrorKind::InvalidColonPlacement
        | ErrorKind::InvalidFlowScalarIndent
        | ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofFlowSequence => Hint::new(
            here,
            "a bracket that was opened before this is not closed, or a comma is missing",
            "close it with ] or }, and put ',' between what stands in it",
        ),
        ErrorKind::MisplacedFlowCollectionEnd => Hint::new(
            here,
            "a bracket is closed that nothing opened",
            "remove it, or quote the text that it belongs to",
        ),
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => Hint::new(
            here,
            format!("'{open}' is closed by '{close}'"),
            "[ is closed by ], { by }",
        ),
        _ => return None,
    })
}

/// A place in a text, with its line.
struct Spot<'t> {
    text: &'t str,
    at: usize,
    start: usize,
    line: &'t str,
}

impl<'t> Spot<'t> {
    fn new(text: &'t str, at: usize) -> Self {
        let at = (0..=at.min(text.len()))
            .rev()
            .find(|at| text.is_char_boundary(*at))
            .unwrap_or(0);
        let (before, after) = text.split_at(at);
        let start = before.rfind(['\n', '\r']).map_or(0, |end| end + 1);
        let end = at + after.find(['\n', '\r']).unwrap_or(after.len());
        let line = text.get(start..end).unwrap_or_default();
        Self {
            text,
            at,
            start,
            line,
        }
    }

    fn here(&self) -> Extent {
        Extent::new(self.at, self.at)
    }

    /// What stands on the line, with its place.
    fn content(&self) -> (Extent, &'t str) {
        let content = self.line.trim();
        let from = self.start + self.line.len() - self.line.trim_start().len();
        (Extent::new(from, from + content.len()), content)
    }

    /// The line before that is no blank one and no comment.
    fn line_before(&self) -> &'t str {
        let before = self.text.get(..self.start).unwrap_or_default();
        let said = |line: &&str| !matches!(line.trim_start().chars().next(), None | Some('#'));
        before.lines().rev().find(said).unwrap_or_default()
    }

    /// The marks that a version control leaves where it could not merge.
    fn conflict(&self) -> Option<Hint> {
        let mut from = 0;
        for line in self.text.split_inclusive('\n').take(100_000) {
            if line.starts_with("<<<<<<< ") {
                return Some(Hint::new(
                    Extent::new(from, from + line.trim_end().len()),
                    "an unsettled merge begins here",
                    "settle it: keep one side, and remove the lines with <<<<<<<, ======= and >>>>>>>",
                ));
            }
            from += line.len();
        }
        None
    }

    /// The first tab in an indentation from this line on.
    fn tab(&self) -> Extent {
        let mut from = self.start;
        let rest = self.text.get(self.start..).unwrap_or_default();
        for line in rest.split_inclusive('\n') {
            let indentation = line.len() - line.trim_start_matches([' ', '\t']).len();
            let tab = line.find('\t').filter(|tab| *tab < indentation);
            if let Some(tab) = tab {
                return Extent::new(from + tab, from + indentation);
            }
            from += line.len();
        }
        self.here()
    }

    /// A colon where no value can begin: in an unquoted text, or on a line that is indented otherwise.
    fn second_colon(&self) -> Hint {
        let (place, content) = self.content();
        let entry = content.strip_prefix("- ").unwrap_or(content);
        if let Some((key, value)) = entry.split_once(": ")
            && (value.contains(": ") || value.ends_with(':'))
        {
            let value = value.trim();
            return Hint::new(
                self.here(),
                "a colon and a blank stand in this text, so that it looks like a key",
                match quoted(value) {
                    Some(quoted) => format!("quote the text: {key}: {quoted}"),
                    None => "quote the text".to_owned(),
                },
            );
        }
        let before = self.line_before();
        let glued = before.trim().split_once(':');
        if let Some((key, value)) = glued
            && !value.is_empty()
            && !value.starts_with([' ', '/'])
        {
            return Hint::new(
                self.here(),
                "the line before has no blank behind its colon, so that it is no key",
                format!("write '{}: {}'", shown(key), shown(value)),
            );
        }
        if before.contains(':') && indentation(before) != indentation(self.line) {
            let message = format!(
                "this line is indented by {}, the one before by {}, and that has its value already",
                indentation(self.line),
                indentation(before)
            );
            return Hint::new(place, message, "indent the keys of one map alike");
        }
        Hint::new(
            self.here(),
            "the line before is neither a key nor a list item",
            "write it as 'key: value', or quote a text of several lines",
        )
    }

    /// A line that is no key.
    fn no_key(&self) -> Hint {
        let (place, content) = self.content();
        if let Some((key, value)) = content.split_once(':')
            && !value.is_empty()
            && !value.starts_with(' ')
        {
            let help = format!("write '{}: {}'", shown(key), shown(value));
            return Hint::new(place, "a blank is missing behind the colon", help);
        }
        // YAML 1.2, section 7.4.2.
        let key = content.split_once(':').map_or(content, |(key, _)| key);
        if key.len() > KEY_CHARS_MAX {
            let message = format!("a key has {KEY_CHARS_MAX} characters at most");
            return Hint::new(place, message, "shorten it");
        }
        Hint::new(
            place,
            "this line is neither a key nor a list item",
            "write it as 'key: value', begin it with '- ', or quote a text of several lines",
        )
    }

    /// A line that does not stand where its map's keys do, or something behind a finished value.
    fn out_of_line(&self) -> Hint {
        let (place, content) = self.content();
        let first = self.text.get(self.start..self.at).unwrap_or_default();
        if !first.trim().is_empty() && first.trim() != "-" {
            return Hint::new(
                self.here(),
                "the value ends before this",
                "quote the whole text, or remove what stands behind the value",
            );
        }
        if content.starts_with("- ") && indentation(self.line_before()) == indentation(self.line) {
            return Hint::new(
                place,
                "a list item among the keys of a map",
                "put it under the key that it belongs to, indented further",
            );
        }
        let message = format!(
            "this line is indented by {}, and nothing above it that it could belong to is",
            indentation(self.line)
        );
        Hint::new(place, message, "indent what belongs together alike")
    }

    /// A character that no unquoted text begins with.
    fn bad_start(&self) -> Hint {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let rest = rest.lines().next().unwrap_or_default().trim();
        let first = rest.chars().next();
        if let Some((at, control)) = self.control() {
            let message = format!("U+{:04X} is a control character", u32::from(control));
            let end = at + control.len_utf8();
            return Hint::new(Extent::new(at, end), message, "remove it");
        }
        match (first, quoted(rest)) {
            (Some(first), Some(quoted)) => Hint::new(
                self.here(),
                format!("'{first}' has a meaning of its own: no unquoted text begins with it"),
                format!("quote the text: {quoted}"),
            ),
            (Some(_) | None, _) => Hint::new(
                self.here(),
                "something is missing here",
                "quote a text that begins with one of & * ! | > % @ ` , [ ] { }",
            ),
        }
    }

    /// The first control character from here on, on this line: the parser may tell of it where its text begins.
    fn control(&self) -> Option<(usize, char)> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let mut line = rest
            .char_indices()
            .take_while(|(_, c)| !matches!(c, '\n' | '\r'));
        let found = line.find(|(_, c)| c.is_control() && *c != '\t');
        found.map(|(from, c)| (self.at + from, c))
    }

    /// A comment before this place, with the bracket in it that is missed: `{channel: #team}`.
    fn comment_in_brackets(&self) -> Option<Hint> {
        let before = self.text.get(..self.at)?;
        let mut end = before.len();
        for line in before.rsplit('\n').take(COMMENT_LINES_MAX) {
            let start = end - line.len();
            let whole = self.text.get(start..)?.lines().next()?;
            if let Some(at) = comment(whole)
                && whole.get(at..)?.contains(['}', ']'])
                && whole.get(..at)?.contains(['{', '['])
            {
                let at = Extent::new(start + at, start + whole.trim_end().len());
                return Some(Hint::new(
                    at,
                    "a '#' behind a blank begins a comment, and the bracket is closed in it",
                    "quote the text that begins with '#', or close the bracket before it",
                ));
            }
            end = start.saturating_sub(1);
        }
        None
    }

    /// Where the quoted text begins that is open here.
    fn open_quote(&self) -> Extent {
        let before = self.text.get(..self.at).unwrap_or_default();
        let mut last = None;
        let mut previous = ' ';
        for (at, one) in before.char_indices().rev().take(70_000) {
            if matches!(previous, '"' | '\'') && matches!(one, ' ' | '\n' | '[' | '{' | ',' | '(') {
                last = Some(at + one.len_utf8());
                break;
            }
            previous = one;
        }
        last.map_or_else(|| self.here(), |at| Extent::new(at, at))
    }

    /// The backslash that begins no escape.
    fn escape(&self) -> Extent {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let mut from = 0;
        while let Some(found) = rest.get(from..).and_then(|rest| rest.find('\\')) {
            let next = rest
                .get(from + found + 1..)
                .and_then(|rest| rest.chars().next());
            let known = next.is_some_and(|next| "0abt\tnvfre \"/\\N_LPxuU\n\r".contains(next));
            if !known {
                let at = self.at + from + found;
                return Extent::new(at, at + 1 + next.map_or(0, char::len_utf8));
            }
            from += found + 2;
        }
        self.here()
    }
}

/// Where a comment begins on a line.
fn comment(line: &str) -> Option<usize> {
    let (mut quote, mut blank) = (None, true);
    for (at, sign) in line.char_indices() {
        match (sign, quote) {
            ('#', None) if blank => return Some(at),
            ('"' | '\'', None) => quote = Some(sign),
            (sign, Some(open)) if sign == open => quote = None,
            _ => {}
        }
        blank = sign == ' ' || sign == '\t';
    }
    None
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn shown(text: &str) -> String {
    text.trim().chars().take(SHOWN_CHARS_MAX).collect()
}

/// A text as it would be written, if it is short enough to repeat.
fn quoted(text: &str) -> Option<String> {
    let fits = !text.is_empty() && text.chars().count() <= SHOWN_CHARS_MAX;
    let plain = !text.contains(['\'', '"', '\\']);
    match (fits, plain) {
        (false, _) => None,
        (true, true) => Some(format!("\"{text}\"")),
        (true, false) => Some(format!("'{}'", text.replace('\'', "''"))),
    }
}
