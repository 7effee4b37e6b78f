//! Parser errors point at the place and say what was expected there.
#![expect(clippy::expect_used, reason = "helpers of tests may stop the test")]

use phasegate_criterion::{Criterion, NESTING_MAX, Statement, TEXT_LEN_MAX};

/// What is wrong with a text in which `«` and `»` mark the place: nothing, if the fault is there and names
/// what was expected.
fn miss(marked: &str, expected: &str) -> Option<String> {
    let start = marked.find('«').expect("a mark");
    let end = marked.find('»').expect("a mark") - '«'.len_utf8();
    let text = marked.replace(['«', '»'], "");
    let fault = text.parse::<Statement>().expect_err(&text);
    let right = fault.at == (start..end) && fault.expected.contains(expected);
    (!right).then(|| format!("{marked}: {fault} {:?}", fault.at))
}

/// Texts with a mark around what does not fit, and what was expected there.
const PLACES: &[(&str, &str)] = &[
    ("«»", "a measure"),
    ("«<» 5", "a measure"),
    ("latency «»", "a comparison"),
    ("latency 200ms«»", "'->' and the goal"),
    ("latency < «»", "a value such as"),
    ("latency < «fast»", "a value such as"),
    ("latency < «5/0»", "a number above zero"),
    ("latency < 5 «five»", "'and', 'or', a clause"),
    (
        "«p100»(latency) < 5ms",
        "percentiles lie above p0 and below p100",
    ),
    ("«p1.2.3»(latency) < 5ms", "a function such as"),
    ("p95(«p99»(latency)) < 5ms", "is a word of the language"),
    (
        "«p99.99999»(latency) < 5ms",
        "percentiles have at most four decimals",
    ),
    (
        "p95« »(latency) < 5ms",
        "'(' right behind 'p95', without a space",
    ),
    (
        "p99.9«  »(latency) < 5ms",
        "right behind 'p99.9', without a space",
    ),
    (
        "ratio« »(errors) < 5%",
        "'(' right behind 'ratio', without a space",
    ),
    ("change(avg« »(build)) < 5%", "right behind 'avg', without"),
    (
        "bugs« »(critical) = 0",
        "right behind 'bugs', without a space",
    ),
    ("a < 1% «//» comment", "a criterion holds no comments"),
    ("a < 200ms«//»slow", "a criterion holds no comments"),
    ("a < 1 «#» comment", "a criterion holds no comments"),
    ("a < «//» comment", "a criterion holds no comments"),
    ("a < 1 severity «2»", "a severity such as critical or p1"),
    (
        "a < 1 severity «within» 5m",
        "'within' is a word of the language",
    ),
    ("p95(latency«»", "',' or ')'"),
    ("latency in 5ms «»", "'..'"),
    ("latency no «better» than control", "'worse'"),
    (
        "latency no worse than «yesterday»",
        "'baseline', 'control', 'old' or 'previous'",
    ),
    ("latency < 5ms over «3mo»", "months have no fixed length"),
    ("latency < 5ms for «5%»", "a length of time"),
    ("latency < 5ms confidence «100%»", "above 0% and below 100%"),
    ("latency < 5ms confidence «95»", "above 0% and below 100%"),
    ("latency < 5ms min 5 «requests»", "'samples' or 'points'"),
    ("latency < 5ms over 1m «over 2m»", "this clause only once"),
    ("latency < 5ms for 1m «for 2m»", "this clause only once"),
    ("a < 1 for 5m «and» b < 2", "the end"),
    ("(a < 1 «for» 5m) and b < 2", "behind the brackets"),
    ("a < 1 and «»", "a measure"),
    ("score [«0»: a < 1] >= 90%", "a weight above 0"),
    ("score [«]» >= 90%", "a weight, a whole number"),
    ("a < 1 for 5m gap tolerate «-»1", "how many evaluations"),
    ("a < 1 at most «failures»", "how many failures"),
    ("a < 1 by «2026-02-30»", "a day of the calendar"),
    ("a < 1 by «soon»", "a date such as 2026-09-16, or a length"),
    ("a < «1e-5»", "without an exponent"),
    ("a < «2.5E3ms»", "without an exponent"),
    ("a < «200µs»", "'µs' is no unit"),
    ("check «\"\"»", "it is blank"),
    ("check «\" \"»", "it is blank"),
    ("check «\"safe \u{202e}txt.exe\"»", "U+202E"),
    ("a < 1 «sometimes»", "every, for, keep, gap, at most"),
    ("a < 1 «sometimes»", "significant"),
    ("a < 1 «sometimes»", "throughout, during"),
    ("score [1: a < 1] >= «120%»", "a share from 0% to 100%"),
    ("check «labels»", "a text in double quotes"),
    ("check «\"labels»", "a closing double quote"),
    ("check \"a«\\x»\"", "one of"),
    ("on «incident»(x)", "'event'"),
    ("not «latency < 5ms»", "of a comparison write the opposite"),
    ("not «(approve CTO and approve COO)»", "after 'not'"),
    ("not «not approve CTO»", "after 'not'"),
    ("not «»", "a measure"),
    ("latency >«»", "a value"),
    ("baseline latency = «unknown»", "without a comparison"),
    ("share(traffic) steps 5% «»", "the next step"),
    (
        "a < «99999999999999999999999999999»",
        "more digits than can be held exactly",
    ),
];

#[test]
fn errors_point_at_the_place_and_say_what_was_expected() {
    let misses: Vec<String> = PLACES
        .iter()
        .filter_map(|(marked, expected)| miss(marked, expected))
        .collect();
    assert!(misses.is_empty(), "{}", misses.join("\n"));
}

#[test]
fn facts_and_policies_are_no_criteria() {
    for (text, found) in [
        (
            "baseline ratio(cache_hit) = ~60%",
            "a baseline, which is a fact",
        ),
        ("budget usage(storage) = 100GB", "a budget, which is a fact"),
        ("ratio(cpu) target 70% up > 80% by 2", "a policy"),
    ] {
        let fault = text.parse::<Criterion>().expect_err("no criterion");
        assert_eq!(fault.found, found);
        assert_eq!(fault.at, 0..text.len());
    }
}

#[test]
fn what_an_error_found_is_shown_on_one_line_and_hides_nothing() {
    for (text, found) in [
        ("a < 1 \u{1b}[2J", "'\\u{1b}'"),
        ("a < 1 \u{202e}", "'\\u{202e}'"),
        ("\u{feff}a < 1", "'\\u{feff}'"),
        ("a \u{200b}< 1", "'\\u{200b}'"),
        ("check \"a\n\tb\\q\"", "'\\q'"),
        ("check \"a\n\tb", "'\"a\\n\\tb'"),
    ] {
        let fault = text.parse::<Criterion>().expect_err(text);
        assert_eq!(fault.found, found);
    }
}

#[test]
fn length_and_nesting_are_limited() {
    let long = format!("check \"{}\"", "a".repeat(TEXT_LEN_MAX));
    let fault = long.parse::<Criterion>().expect_err("too long");
    assert_eq!(fault.at, TEXT_LEN_MAX..long.len());
    let nested = |levels: usize| format!("{}a < 1{}", "(".repeat(levels), ")".repeat(levels));
    assert!(nested(NESTING_MAX).parse::<Criterion>().is_ok());
    let fault = nested(NESTING_MAX + 1)
        .parse::<Criterion>()
        .expect_err("too deep");
    assert!(fault.expected.contains("levels"), "{fault}");
    let changes = format!("{}a{} < 1%", "change(".repeat(500), ")".repeat(500));
    assert!(changes.parse::<Criterion>().is_err());
}

#[test]
fn spellings_come_down_to_one() {
    for (text, canonical) in [
        ("latency≤200 ms", "latency <= 200ms"),
        ("a == 1", "a = 1"),
        ("  a  <  1  ", "a < 1"),
        (
            "a over 5m min 10 samples < 1",
            "a < 1 min 10 samples over 5m",
        ),
        ("a < 1 for 5m min 10 samples", "a < 1 min 10 samples for 5m"),
        ("((a < 1)) and b < 2", "a < 1 and b < 2"),
        ("a < 1 or b < 2 and c < 3", "a < 1 or b < 2 and c < 3"),
        ("(a < 1 or b < 2) and c < 3", "(a < 1 or b < 2) and c < 3"),
        ("(a < 1 and b < 2) or c < 3", "a < 1 and b < 2 or c < 3"),
        ("a < 1 at most 1 failure", "a < 1 at most 1 failures"),
        ("a < 1h30m", "a < 90m"),
        ("a < 1 for 5m30s", "a < 1 for 5m30s"),
        ("a < 1 for 330s", "a < 1 for 5m30s"),
        ("a < 1 for 1h5m30s", "a < 1 for 1h5m30s"),
        ("a < 1 over 2h30m", "a < 1 over 2h30m"),
        ("a < 1 for 90s", "a < 1 for 90s"),
        ("a < 1 for 120s", "a < 1 for 120s"),
        ("a < 1 severity p1", "a < 1 severity p1"),
        ("p1(a) < 1 severity p99 do x", "p1(a) < 1 severity p99 do x"),
        ("p99.90(x) < 1s", "p99.9(x) < 1s"),
        ("check \"two\n\tlines\"", "check \"two\\n\\tlines\""),
        ("check \"two\\n\\tlines\"", "check \"two\\n\\tlines\""),
        ("query \"a\n b\" < 5", "query \"a\\n b\" < 5"),
        (
            "a < 1 do \"say\t\\\"so\\\"\"",
            "a < 1 do \"say\\t\\\"so\\\"\"",
        ),
    ] {
        let read: Criterion = text.parse().expect(text);
        assert_eq!(read.to_string(), canonical, "{text}");
        let again: Criterion = canonical.parse().expect(canonical);
        assert_eq!(again, read, "{text}");
    }
}
