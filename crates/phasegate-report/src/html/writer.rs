//! A writer of HTML and SVG that cannot be given markup: names of elements and attributes are fixed
//! texts of this crate, everything else is text and is escaped.

use std::fmt::Write as _;

use crate::text::clean;

/// HTML under construction.
#[derive(Debug, Default)]
pub(crate) struct Html {
    out: String,
}

/// An attribute: its name, and its value as text.
pub(crate) type Attribute<'a> = (&'static str, &'a str);

impl Html {
    /// An element with something inside.
    pub(crate) fn element(
        &mut self,
        name: &'static str,
        attributes: &[Attribute<'_>],
        inside: impl FnOnce(&mut Self),
    ) {
        self.start(name, attributes);
        inside(self);
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    /// An element with only text inside.
    pub(crate) fn leaf(&mut self, name: &'static str, attributes: &[Attribute<'_>], text: &str) {
        self.element(name, attributes, |html| html.text(text));
    }

    /// An element that has no inside (`meta`).
    pub(crate) fn void(&mut self, name: &'static str, attributes: &[Attribute<'_>]) {
        self.start(name, attributes);
    }

    /// Text.
    pub(crate) fn text(&mut self, text: &str) {
        // Spaces at the ends separate a text from its neighbours.
        if text.starts_with(' ') {
            self.out.push(' ');
        }
        self.escape(&clean(text));
        if text.len() > 1 && text.ends_with(' ') {
            self.out.push(' ');
        }
    }

    /// A shape through points: numbers with one decimal, however many there are.
    pub(crate) fn shape(&mut self, name: &'static str, class: &str, points: &[(f64, f64)]) {
        self.open(name, &[("class", class)]);
        self.out.push_str(" points=\"");
        for (index, (x, y)) in points.iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            // Writing to a string cannot fail.
            let _written = write!(self.out, "{space}{x:.1},{y:.1}");
        }
        self.out.push_str("\"></");
        self.out.push_str(name);
        self.out.push('>');
    }

    /// The style sheet, which is part of this crate and named by its hash in the content policy.
    pub(crate) fn style(&mut self, sheet: &'static str) {
        self.out.push_str("<style>");
        self.out.push_str(sheet);
        self.out.push_str("</style>");
    }

    /// A line break in the source, so that differences between two reports can be read.
    pub(crate) fn newline(&mut self) {
        self.out.push('\n');
    }

    /// The document.
    pub(crate) fn into_document(self) -> String {
        format!("<!DOCTYPE html>\n{}\n", self.out)
    }

    fn start(&mut self, name: &'static str, attributes: &[Attribute<'_>]) {
        self.open(name, attributes);
        self.out.push('>');
    }

    /// A start tag that is not closed yet.
    fn open(&mut self, name: &'static str, attributes: &[Attribute<'_>]) {
        self.out.push('<');
        self.out.push_str(name);
        for (attribute, value) in attributes {
            self.out.push(' ');
            self.out.push_str(attribute);
            self.out.push_str("=\"");
            self.escape(&clean(value));
            self.out.push('"');
        }
    }

    fn escape(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' => self.out.push_str("&quot;"),
                '\'' => self.out.push_str("&#39;"),
                '`' => self.out.push_str("&#96;"),
                c => self.out.push(c),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        let mut html = Html::default();
        html.leaf(
            "p",
            &[("title", "\" onload=\"alert(1)")],
            "</p><script>alert('x')</script>&amp;",
        );
        assert_eq!(
            html.into_document(),
            "<!DOCTYPE html>\n<p title=\"&quot; onload=&quot;alert(1)\">&lt;/p&gt;&lt;script&gt;\
             alert(&#39;x&#39;)&lt;/script&gt;&amp;amp;</p>\n"
        );
    }

    proptest! {
        #[test]
        fn no_text_adds_an_element_or_an_attribute(text: String) {
            let mut html = Html::default();
            html.leaf("p", &[("title", &text)], &text);
            let document = html.into_document();
            prop_assert_eq!(document.matches('<').count(), 3);
            prop_assert_eq!(document.matches('>').count(), 3);
            prop_assert_eq!(document.matches('"').count(), 2);
        }
    }
}
