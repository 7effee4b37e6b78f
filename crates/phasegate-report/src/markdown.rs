//! Markdown, in the dialect of code forges: tables, no HTML. Text of others is escaped so that it
//! cannot become a link, an image, a heading, a mention or markup.

use std::fmt::Write as _;

use crate::doc::{self, Bit, Bits, Block, Clock, Document, Section, Table};
use crate::text::clean;
use crate::view::View;
use crate::words;

/// Writes the full report as Markdown. The same view gives the same bytes.
#[must_use]
pub fn markdown(view: &View) -> String {
    document(&doc::full(view))
}

/// Writes any document.
pub(crate) fn document(document: &Document<'_>) -> String {
    let front = &document.front;
    let mut out = String::new();
    line(&mut out, &format!("# {}", escaped(&front.title)));
    if let Some((standing, why)) = &front.standing {
        let sign = doc::standing_tone(*standing).sign();
        let stands = words::stands(*standing);
        line(&mut out, &format!("**{sign} {stands}**: {}", escaped(why)));
    }
    if let Some(summary) = &front.summary {
        line(&mut out, &escaped(summary));
    }
    let facts = front.facts.iter();
    let rows: Vec<Vec<Bits>> = facts
        .map(|(name, value)| vec![Bits::text(*name), value.clone()])
        .collect();
    if !rows.is_empty() {
        let columns = &["", ""];
        table(&mut out, &Table { columns, rows });
    }
    for section in &document.sections {
        write_section(&mut out, section, document.view);
    }
    let end = out.trim_end().len();
    out.truncate(end);
    out.push('\n');
    out
}

fn write_section(out: &mut String, section: &Section, view: Option<&View>) {
    // What is nothing but charts is nothing here.
    if section.blocks.iter().all(Block::is_chart) {
        return;
    }
    line(out, &format!("## {}", section.title));
    let mut series = Vec::new();
    for block in &section.blocks {
        match block {
            Block::Exposure => {
                if let Some(view) = view {
                    exposure(out, view);
                }
            }
            Block::Heading(bits) => line(out, &format!("### {}", inline(bits))),
            Block::List(items) => {
                let items = items.iter().map(|item| format!("* {}", inline(item)));
                line(out, &items.collect::<Vec<_>>().join("\n"));
            }
            Block::Paragraph(bits) => line(out, &inline(bits)),
            Block::Series(index) => {
                let of = view.and_then(|view| view.series.get(*index));
                series.extend(of.map(doc::series_row));
            }
            Block::Table(rows) => table(out, rows),
            // The tables that follow say the same.
            Block::Bands(_) | Block::ExposureChart | Block::Timeline => {}
        }
    }
    if !series.is_empty() {
        table(
            out,
            &Table {
                columns: doc::SERIES_COLUMNS,
                rows: series,
            },
        );
    }
}

/// What the chart shows, as a table.
fn exposure(out: &mut String, view: &View) {
    let clock = Clock::of(view);
    let rows = view.exposure.iter().flat_map(|line| {
        let of = format!("{} by {}", line.target, line.to);
        line.points.iter().map(move |point| (of.clone(), point))
    });
    let rows = rows.map(|(of, point)| {
        vec![
            clock.at(point.at),
            Bits::text(of),
            Bits::strong(point.share.to_string()),
        ]
    });
    let rows: Vec<Vec<Bits>> = rows.collect();
    if !rows.is_empty() {
        table(
            out,
            &Table {
                columns: &["From", "What", "Share that sees the new version"],
                rows,
            },
        );
    }
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push_str("\n\n");
}

fn table(out: &mut String, table: &Table) {
    let head: Vec<String> = table.columns.iter().map(|name| escaped(name)).collect();
    // Writing to a string cannot fail.
    let _written = writeln!(out, "| {} |", head.join(" | "));
    let _written = writeln!(out, "|{}", " --- |".repeat(table.columns.len()));
    for row in &table.rows {
        let cells: Vec<String> = row.iter().map(inline).collect();
        let _written = writeln!(out, "| {} |", cells.join(" | "));
    }
    out.push('\n');
}

/// A run of text in one line.
fn inline(bits: &Bits) -> String {
    let one = |bit: &Bit| match bit {
        Bit::Code(text) => code(text),
        Bit::Mark(tone, text) => format!("{} {}", tone.sign(), escaped(text)),
        Bit::Moment(text) | Bit::Quiet(text) | Bit::Text(text) => escaped_inside(text),
        Bit::Strong(text) => format!("**{}**", escaped(text)),
    };
    bits.0.iter().map(one).collect::<String>().trim().to_owned()
}

/// Escapes a whole text.
fn escaped(text: &str) -> String {
    escape(&clean(text))
}

/// Escapes a part of a text: spaces at its ends separate it from its neighbours.
fn escaped_inside(text: &str) -> String {
    let lead = if text.starts_with(' ') { " " } else { "" };
    let tail = if text.len() > 1 && text.ends_with(' ') {
        " "
    } else {
        ""
    };
    format!("{lead}{}{tail}", escaped(text))
}

/// Everything that means something inside a line: emphasis, code, links, HTML, table cells, entities,
/// mentions, references, formulas, and what turns a bare address into a link.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let special = matches!(
            c,
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '#' | '$' | '@'
        );
        let address = (c == ':' && rest.starts_with("://"))
            || (c == '.' && out.to_ascii_lowercase().ends_with("www"));
        if special || address {
            out.push('\\');
        }
        out.push(c);
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
    }
    out
}

/// A code span that holds any text: its fence is longer than every run of backticks inside.
fn code(text: &str) -> String {
    let text = clean(text);
    if text.is_empty() {
        return String::new();
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let space = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    // In a table, a bar ends the cell even inside code; the backslash is taken away again.
    let text = text.replace('|', "\\|");
    format!("{fence}{space}{text}{space}{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_others_stays_text() {
        for (text, expected) in [
            (
                "<script>alert(1)</script>",
                "\\<script\\>alert(1)\\</script\\>",
            ),
            ("[x](javascript:1)", "\\[x\\](javascript:1)"),
            ("![x](http://e)", "!\\[x\\](http\\://e)"),
            ("a | b", "a \\| b"),
            ("WWW.example.org", "WWW\\.example.org"),
            (
                "@everyone #1 $x$ `c` *b* _i_ ~s~ &lt;",
                "\\@everyone \\#1 \\$x\\$ \\`c\\` \\*b\\* \\_i\\_ \\~s\\~ \\&lt;",
            ),
            ("p95(latency) is 48ms, fine.", "p95(latency) is 48ms, fine."),
        ] {
            assert_eq!(escaped(text), expected);
        }
    }

    #[test]
    fn code_holds_backticks_and_bars() {
        for (text, expected) in [
            ("p95(x) < 1ms", "`p95(x) < 1ms`"),
            ("a`b", "``a`b``"),
            ("``", "``` `` ```"),
            ("a|b", "`a\\|b`"),
        ] {
            assert_eq!(code(text), expected);
        }
    }
}
