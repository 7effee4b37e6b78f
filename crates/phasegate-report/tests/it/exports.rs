//! Explanations, and what other tools read.

use std::io::Write as _;
use std::process::Command;

use phasegate_report::export::{mermaid_gantt, mermaid_graph, openmetrics};
use phasegate_report::view::MomentSort;
use phasegate_report::{View, explain};

use crate::fixtures::{self, after};
use crate::prometheus::Folder;

fn view(records: &[phasegate_engine::record::Record]) -> View {
    View::of(records).expect("a journal")
}

#[test]
fn a_decision_explains_itself() {
    let view = view(&fixtures::rolled_back());
    let all = view
        .moments
        .iter()
        .filter(|moment| moment.sort.is_decision());
    let texts: Vec<String> = all
        .filter_map(|moment| explain(&view, moment.seq))
        .collect();
    insta::assert_snapshot!("explained", texts.join("\n"));
    let fired = view
        .moments
        .iter()
        .find(|m| m.sort == MomentSort::TriggerFired)
        .expect("it fired");
    let text = explain(&view, fired.seq).expect("a decision");
    for part in [
        "p95(latency) is 271ms",
        "p95(latency) > 200ms for 1500ms",
        "1.5s of 1.5s",
    ] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(explain(&view, 1_000_000), None);
}

#[test]
fn what_was_done_under_a_signed_note_says_whose_key_signed_it() {
    let mut records = fixtures::running();
    let paused = records.iter().position(|one| one.kind() == "paused");
    let paused = paused.expect("somebody paused it");
    let seq = u64::try_from(paused).expect("small");
    let plain = explain(&view(&records), seq).expect("a moment");
    assert!(!plain.contains("signed"), "{plain}");
    let note = "phasegate-act/1\n\"pause\"\n\n\u{2014} noor AAAA\n\u{2014} desk BBBB\n";
    records[paused].note = Some(note.to_owned());
    let view = view(&records);
    let told = explain(&view, seq).expect("a moment");
    assert!(told.contains("signed    by key noor, desk"), "{told}");
    let page = phasegate_report::markdown(&view);
    assert!(page.contains("signed by key noor, desk"), "{page}");
}

#[test]
fn a_view_until_a_moment_is_that_of_the_records_before_it() {
    let records = fixtures::rolled_back();
    let at = records[20].at();
    let count = records.iter().filter(|record| record.at() < at).count();
    let until = View::of_until(&records, at).expect("a journal");
    assert_eq!(until, view(&records[..count]));
    let first = View::of_until(&records, after(0)).expect("a journal");
    assert_eq!(first.audit.records, 1);
}

#[test]
fn other_tools_read_it() {
    for (name, records) in [
        ("rolled-back", fixtures::rolled_back()),
        ("running", fixtures::running()),
    ] {
        let view = view(&records);
        insta::assert_snapshot!(format!("{name}.openmetrics"), openmetrics(&view));
        insta::assert_snapshot!(format!("{name}.gantt"), mermaid_gantt(&view));
        insta::assert_snapshot!(format!("{name}.graph"), mermaid_graph(&view));
    }
}

/// Does Prometheus take it? `promtool check metrics` reads the older text format alone; what reads this one reads
/// samples in, and wants a time behind each. `None` where it is not installed.
fn is_taken(text: &str, name: &str) -> Option<bool> {
    let timed = |line: &str| match line.starts_with('#') {
        true => format!("{line}\n"),
        false => format!("{line} 1757408400\n"),
    };
    let text: String = text.lines().map(timed).collect();
    let folder = Folder::new(name);
    let file = folder.write("metrics.txt", &text);
    let mut command = Command::new("promtool");
    command.args(["tsdb", "create-blocks-from", "openmetrics"]);
    match command.arg(&file).arg(folder.0.join("blocks")).output() {
        Ok(output) => Some(output.status.success()),
        Err(error) => {
            let told = format!("SKIPPED: promtool is not installed: {error}");
            drop(writeln!(std::io::stdout(), "{told}"));
            None
        }
    }
}

#[test]
fn prometheus_takes_the_open_metrics() {
    for (name, records) in [
        ("om-hostile", fixtures::hostile("a\"} 1\nphasegate_up 1 \\")),
        ("om-rolled-back", fixtures::rolled_back()),
        ("om-running", fixtures::running()),
    ] {
        let text = openmetrics(&view(&records));
        assert_ne!(is_taken(&text, name), Some(false), "{name}: {text}");
        // And it can say no.
        let torn = text.replace("# EOF", "");
        assert_ne!(is_taken(&torn, &format!("{name}-torn")), Some(true));
    }
}

#[test]
fn hostile_text_adds_no_line_to_what_other_tools_read() {
    let plain = view(&fixtures::hostile("plain"));
    for text in [
        "a\"} 1\nphasegate_up 1",
        "x\"]; click p0 href \"javascript:1\"",
        "a:b;c#d%%e\n  section f",
        "\\",
        "\u{202e}",
    ] {
        let hostile = view(&fixtures::hostile(text));
        let lines = |text: String| text.lines().count();
        assert_eq!(
            lines(openmetrics(&hostile)),
            lines(openmetrics(&plain)),
            "{text:?}"
        );
        assert_eq!(
            lines(mermaid_gantt(&hostile)),
            lines(mermaid_gantt(&plain)),
            "{text:?}"
        );
        let graph = mermaid_graph(&hostile);
        assert_eq!(
            lines(graph.clone()),
            lines(mermaid_graph(&plain)),
            "{text:?}"
        );
        assert!(
            !graph.contains("javascript:") && !graph.contains(';'),
            "{graph}"
        );
    }
}

#[test]
fn a_diagram_shows_whole_titles() {
    let title = "A title as long as people write them, about what is done and why it is done so";
    let mut view = view(&fixtures::completed());
    view.phases[0].title = title.to_owned();
    let plain = title.replace(',', "");
    for diagram in [mermaid_gantt(&view), mermaid_graph(&view)] {
        assert!(diagram.contains(&plain), "{diagram}");
    }
}
