//! The page: head, sections, tables.

use super::{Html, STYLE, STYLE_HASH};
use crate::chart;
use crate::doc::{self, Bit, Bits, Block, Section, Table};
use crate::view::View;
use crate::words;

/// Writes the full report as one self-contained HTML file. The same view gives the same bytes.
///
/// It needs no script and fetches nothing; its content policy would not let it. It can be read on a
/// phone, in the dark, and on paper.
#[must_use]
pub fn html(view: &View) -> String {
    let mut page = Html::default();
    let sections = doc::sections(view);
    page.element("html", &[("lang", "en")], |html| {
        html.newline();
        head(html, view);
        html.newline();
        html.element("body", &[], |html| {
            banner(html, view);
            contents(html, &sections);
            html.element("main", &[], |html| {
                for section in &sections {
                    write_section(html, section, view);
                }
            });
        });
        html.newline();
    });
    page.into_document()
}

fn head(html: &mut Html, view: &View) {
    let policy = format!(
        "default-src 'none'; style-src '{STYLE_HASH}'; base-uri 'none'; form-action 'none'"
    );
    html.element("head", &[], |html| {
        html.void("meta", &[("charset", "utf-8")]);
        html.newline();
        html.void(
            "meta",
            &[
                ("http-equiv", "Content-Security-Policy"),
                ("content", &policy),
            ],
        );
        html.newline();
        html.void(
            "meta",
            &[
                ("name", "viewport"),
                ("content", "width=device-width, initial-scale=1"),
            ],
        );
        html.void(
            "meta",
            &[("name", "color-scheme"), ("content", "light dark")],
        );
        html.void("meta", &[("name", "referrer"), ("content", "no-referrer")]);
        html.newline();
        let standing = words::stands(view.header.standing);
        html.leaf("title", &[], &format!("{}: {standing}", view.header.title));
        html.newline();
        html.style(STYLE);
    });
}

fn banner(html: &mut Html, view: &View) {
    let header = &view.header;
    let tone = doc::standing_tone(header.standing);
    html.newline();
    html.element("header", &[], |html| {
        html.leaf("h1", &[], &header.title);
        html.element("p", &[("class", "standing")], |html| {
            let class = tone.class().replacen("mark", "badge", 1);
            html.element("span", &[("class", &class)], |html| {
                html.leaf("span", &[("aria-hidden", "true")], tone.sign());
                html.text(" ");
                html.text(words::stands(header.standing));
            });
            html.text(" ");
            html.text(&doc::why(view));
        });
        if let Some(summary) = &header.summary {
            html.leaf("p", &[("class", "quiet")], summary);
        }
        html.element("dl", &[], |html| {
            for (name, value) in doc::facts(view) {
                html.newline();
                html.element("div", &[], |html| {
                    html.leaf("dt", &[], name);
                    html.element("dd", &[], |html| bits(html, &value));
                });
            }
        });
    });
}

fn contents(html: &mut Html, sections: &[Section]) {
    html.newline();
    html.element("nav", &[("aria-label", "Sections")], |html| {
        for section in sections {
            html.leaf("a", &[("href", &format!("#{}", section.id))], section.title);
            html.text(" ");
        }
    });
}

fn write_section(html: &mut Html, section: &Section, view: &View) {
    html.newline();
    let heading = format!("{}-title", section.id);
    let attributes = [("id", section.id), ("aria-labelledby", heading.as_str())];
    html.element("section", &attributes, |html| {
        html.leaf("h2", &[("id", &heading)], section.title);
        for block in &section.blocks {
            html.newline();
            match block {
                Block::Exposure => chart::exposure(html, view),
                Block::Heading(text) => html.element("h3", &[], |html| bits(html, text)),
                Block::Paragraph(text) => html.element("p", &[], |html| bits(html, text)),
                Block::Series(index) => series(html, *index, view),
                Block::Table(rows) => table(html, rows),
                Block::Timeline => chart::timeline(html, view),
            }
        }
    });
}

fn series(html: &mut Html, index: usize, view: &View) {
    let Some(series) = view.series.get(index) else {
        return;
    };
    html.element("h3", &[], |html| bits(html, &doc::series_title(series)));
    chart::series(html, series, view);
}

/// A table that becomes a list of cards where the screen is narrow: each cell knows its column's name.
fn table(html: &mut Html, table: &Table) {
    let bare = table.columns.iter().all(|name| name.is_empty());
    let class = if bare { "facts" } else { "rows" };
    html.element("table", &[("class", class)], |html| {
        if !bare {
            html.element("thead", &[], |html| {
                html.element("tr", &[], |html| {
                    for name in table.columns {
                        html.leaf("th", &[("scope", "col")], name);
                    }
                });
            });
        }
        html.element("tbody", &[], |html| {
            for row in &table.rows {
                html.newline();
                html.element("tr", &[], |html| cells(html, table.columns, row, bare));
            }
        });
    });
}

fn cells(html: &mut Html, columns: &[&str], row: &[Bits], bare: bool) {
    for (index, (column, cell)) in columns.iter().zip(row).enumerate() {
        if bare && index == 0 {
            html.element("th", &[("scope", "row")], |html| bits(html, cell));
        } else if bare {
            html.element("td", &[], |html| bits(html, cell));
        } else {
            let label: &[(&'static str, &str)] = &[("data-label", column)];
            html.element("td", label, |html| {
                html.element("div", &[], |html| bits(html, cell));
            });
        }
    }
}

fn bits(html: &mut Html, bits: &Bits) {
    for bit in &bits.0 {
        match bit {
            Bit::Code(text) => html.leaf("code", &[], text),
            Bit::Mark(tone, text) => html.element("span", &[("class", tone.class())], |html| {
                html.leaf("span", &[("aria-hidden", "true")], tone.sign());
                html.text(" ");
                html.text(text);
            }),
            Bit::Moment(text) => html.leaf("span", &[("class", "at")], text),
            Bit::Quiet(text) if text.trim().is_empty() => html.text(text),
            Bit::Quiet(text) => html.leaf("span", &[("class", "quiet")], text),
            Bit::Strong(text) => html.leaf("strong", &[], text),
            Bit::Text(text) => html.text(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    fn base64(bytes: &[u8]) -> String {
        const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut out = String::new();
        for chunk in bytes.chunks(3) {
            let word = (0..3).fold(0u32, |word, i| {
                word << 8 | u32::from(*chunk.get(i).unwrap_or(&0))
            });
            for i in 0..4usize {
                let digit = usize::try_from(word >> (18 - 6 * i) & 63).expect("six bits");
                out.push(if i <= chunk.len() {
                    char::from(DIGITS[digit])
                } else {
                    '='
                });
            }
        }
        out
    }

    #[test]
    fn the_content_policy_names_the_style_sheet() {
        assert_eq!(base64(b"any carnal pleas"), "YW55IGNhcm5hbCBwbGVhcw==");
        assert_eq!(
            STYLE_HASH,
            format!("sha256-{}", base64(&Sha256::digest(STYLE.as_bytes())))
        );
        assert!(!STYLE.contains('<') && !STYLE.contains("url(") && !STYLE.contains("@import"));
    }
}
