//! Whatever people, plans and systems write, a report shows it as text.

use phasegate_report::{View, html, json, markdown, summary};

use crate::fixtures;

pub(crate) const HOSTILE: &[&str] = &[
    "<script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    "\"onload=\"alert(1)",
    "' autofocus onfocus='alert(1)",
    "[click](javascript:alert(1)) ![x](https://example.org/x.png)",
    "a | b | c",
    "`code` ``more`` ```",
    "\n\n# Approved by everybody\n\n- [x] done",
    "\u{1b}[2J\u{1b}[31mred\u{1b}]8;;https://example.org\u{7}link\u{1b}]8;;\u{7}",
    "=HYPERLINK(\"https://example.org\",\"x\")",
    "+cmd|' /C calc'!A0",
    "safe\u{202e}fdp.exe\u{2066}",
    "zero\u{200b}\u{feff}width\u{ad}",
    "&lt;b&gt; &#60;script&#62;",
    "@everyone #1 https://example.org www.example.org $x^2$ <!-- -->",
    "{{plan}} ${x} %s \\u0000 \0",
];

#[test]
fn html_holds_it_as_text() {
    let plain = html(&View::of(&fixtures::hostile("plain")).expect("a journal"));
    let elements = |page: &str| page.matches('<').count();
    for text in HOSTILE {
        let page = html(&View::of(&fixtures::hostile(text)).expect("a journal"));
        assert_eq!(
            elements(&page),
            elements(&plain),
            "{text:?} adds an element"
        );
        assert_eq!(
            page.matches('"').count(),
            plain.matches('"').count(),
            "{text:?}: an attribute"
        );
        for never in ["<script", "<img", "=\"javascript:", "onload=\""] {
            assert!(!page.contains(never), "{text:?} leads to {never}");
        }
        assert_no_hidden(&page, text);
    }
}

#[test]
fn markdown_holds_it_as_text() {
    let lines = |page: &str| page.lines().count();
    let plain = markdown(&View::of(&fixtures::hostile("plain")).expect("a journal"));
    for text in HOSTILE {
        let page = markdown(&View::of(&fixtures::hostile(text)).expect("a journal"));
        assert_eq!(lines(&page), lines(&plain), "{text:?} adds a line");
        for (line, other) in page.lines().zip(plain.lines()) {
            assert_eq!(bars(line), bars(other), "{text:?} adds a cell: {line}");
        }
        for never in [
            "<script",
            "<img",
            "](javascript",
            "![",
            "s://",
            "p://",
            "www.",
            "\n# Approved",
            "<!--",
        ] {
            let unescaped = page
                .replace("\\<", "")
                .replace("!\\[", "")
                .replace("\\]", "");
            assert!(!unescaped.contains(never), "{text:?} leads to {never}");
        }
        assert_no_hidden(&page, text);
    }
}

#[test]
fn a_terminal_sees_no_control_character() {
    for text in HOSTILE {
        let lines = summary(&View::of(&fixtures::hostile(text)).expect("a journal"));
        assert_eq!(lines.lines().count(), 5, "{text:?}: {lines}");
        assert_no_hidden(&lines, text);
    }
}

#[test]
fn json_keeps_it_as_it_came() {
    for text in HOSTILE {
        let view = View::of(&fixtures::hostile(text)).expect("a journal");
        let data: serde_json::Value =
            serde_json::from_str(&json(&view).expect("json")).expect("json");
        assert_eq!(data["format"], "phasegate-report/1");
        assert_eq!(data["report"]["header"]["title"], *text);
        assert_eq!(
            data["report"]["questions"][0]["answers"][0]["reason"],
            *text
        );
    }
}

#[test]
fn a_very_long_word_is_cut() {
    let long = "x".repeat(100_000);
    let view = View::of(&fixtures::hostile(&long)).expect("a journal");
    let longest = |page: &str| page.split(|c| c != 'x').map(str::len).max().unwrap_or(0);
    assert_eq!(longest(&html(&view)), 1_000);
    assert_eq!(longest(&markdown(&view)), 1_000);
    assert_eq!(longest(&summary(&view)), 1_000);
}

/// Bars that end a cell.
pub(crate) fn bars(line: &str) -> usize {
    line.replace("\\|", "").matches('|').count()
}

pub(crate) fn assert_no_hidden(page: &str, text: &str) {
    let hidden = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}')
    };
    assert_eq!(page.chars().find(|c| hidden(*c)), None, "{text:?}");
}
