//! The page: head, sections, tables.

use super::{Html, STYLE, STYLE_HASH};
use crate::chart;
use crate::doc::{self, Bit, Bits, Block, Document, Front, Section, Table};
use crate::view::{Series, Standing, View};
use crate::words;

/// Writes the full report as one self-contained HTML file. The same view gives the same bytes.
///
/// It needs no script and fetches nothing; its content policy would not let it. It can be read on a
/// phone, in the dark, and on paper.
#[must_use]
pub fn html(view: &View) -> String {
    document(&doc::full(view))
}

/// Writes any document.
pub(crate) fn document(document: &Document<'_>) -> String {
    let mut page = Html::default();
    page.element("html", &[("lang", "en")], |html| {
        html.newline();
        head(html, &document.front);
        html.newline();
        html.element("body", &[], |html| {
            banner(html, &document.front);
            contents(html, &document.sections);
            html.element("main", &[], |html| {
                for section in &document.sections {
                    write_section(html, section, document.view);
                }
            });
        });
        html.newline();
    });
    page.into_document()
}

fn head(html: &mut Html, front: &Front) {
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
        let title = match front.standing {
            Some((standing, _)) => format!("{}: {}", front.title, words::stands(standing)),
            None => front.title.clone(),
        };
        html.leaf("title", &[], &title);
        html.newline();
        html.style(STYLE);
    });
}

fn banner(html: &mut Html, front: &Front) {
    html.newline();
    html.element("header", &[], |html| {
        html.leaf("h1", &[], &front.title);
        if let Some((standing, why)) = &front.standing {
            badge(html, *standing, why);
        }
        if let Some(summary) = &front.summary {
            html.leaf("p", &[("class", "quiet")], summary);
        }
        html.element("dl", &[], |html| {
            for (name, value) in &front.facts {
                html.newline();
                html.element("div", &[], |html| {
                    html.leaf("dt", &[], name);
                    html.element("dd", &[], |html| bits(html, value));
                });
            }
        });
    });
}

fn badge(html: &mut Html, standing: Standing, why: &str) {
    let tone = doc::standing_tone(standing);
    html.element("p", &[("class", "standing")], |html| {
        let class = tone.class().replacen("mark", "badge", 1);
        html.element("span", &[("class", &class)], |html| {
            html.leaf("span", &[("aria-hidden", "true")], tone.sign());
            html.text(" ");
            html.text(words::stands(standing));
        });
        html.text(" ");
        html.text(why);
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

fn write_section(html: &mut Html, section: &Section, view: Option<&View>) {
    html.newline();
    let heading = format!("{}-title", section.id);
    let attributes = [("id", section.id), ("aria-labelledby", heading.as_str())];
    html.element("section", &attributes, |html| {
        html.leaf("h2", &[("id", &heading)], section.title);
        for block in &section.blocks {
            html.newline();
            write_block(html, block, view);
        }
    });
}

fn write_block(html: &mut Html, block: &Block, view: Option<&View>) {
    match (block, view) {
        (Block::Bands(indices), Some(view)) => bands(html, indices, view),
        (Block::Exposure, Some(view)) => chart::exposure(html, view, "the table"),
        (Block::ExposureChart, Some(view)) => chart::exposure(html, view, "the full report"),
        (Block::Heading(text), _) => html.element("h3", &[], |html| bits(html, text)),
        (Block::List(items), _) => html.element("ul", &[("class", "points")], |html| {
            for item in items {
                html.newline();
                html.element("li", &[], |html| bits(html, item));
            }
        }),
        (Block::Paragraph(text), _) => html.element("p", &[], |html| bits(html, text)),
        (Block::Series(index), Some(view)) => series(html, *index, view),
        (Block::Table(rows), _) => table(html, rows),
        (Block::Timeline, Some(view)) => chart::timeline(html, view),
        // Without a rollout there is nothing to draw.
        (
            Block::Bands(_)
            | Block::Exposure
            | Block::ExposureChart
            | Block::Series(_)
            | Block::Timeline,
            None,
        ) => {}
    }
}

fn bands(html: &mut Html, indices: &[usize], view: &View) {
    let all: Vec<&Series> = indices
        .iter()
        .filter_map(|index| view.series.get(*index))
        .collect();
    let of = all.first().and_then(|series| series.percentile.as_ref());
    let Some(of) = of else {
        return;
    };
    html.element("h3", &[], |html| {
        html.text("Percentiles of ");
        html.leaf("code", &[], &of.of);
    });
    chart::bands(html, &all, view);
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
