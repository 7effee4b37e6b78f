//! What a stranger does to the first rollout: everything here is the real program, run as a process.

use std::io::{BufRead as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use phasegate::core::RolloutId;
use phasegate::journal_sqlite::{SqliteJournal, SqliteReader};
use phasegate::runner::SystemClock;

/// The program, beside this test's own. Cargo builds examples when it tests a whole package, and leaves
/// them out when one test is named.
fn program() -> Option<PathBuf> {
    let own = std::env::current_exe().expect("a path");
    let program = own.parent()?.parent()?.join("examples/first_rollout");
    if !program.exists() {
        println!("SKIPPED: {} is not built", program.display());
        return None;
    }
    Some(program)
}

struct Desk {
    program: PathBuf,
    folder: PathBuf,
}

impl Desk {
    /// An empty folder to work in; `None` where the program is not built.
    fn new(name: &str) -> Option<Self> {
        let program = program()?;
        let folder = format!("phasegate-first-rollout-{}-{name}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        std::fs::create_dir_all(&folder).expect("a folder");
        Some(Self { program, folder })
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(&self.program);
        command.args(args).current_dir(&self.folder);
        command.output().expect("the program runs")
    }

    /// Runs what must be refused, and gives what was said.
    fn refused(&self, args: &[&str], code: i32) -> String {
        let output = self.run(args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
        said
    }

    fn records(&self, journal: &str) -> u64 {
        let clock = Arc::new(SystemClock::new());
        let reader = SqliteReader::open(self.folder.join(journal), clock).expect("a journal");
        let rollout = RolloutId::new("first-rollout").expect("an id");
        reader.head(&rollout).expect("a rollout").next_seq
    }

    fn names(&self) -> Vec<String> {
        let all = std::fs::read_dir(&self.folder).expect("a folder");
        let mut names: Vec<String> = all
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _left_over = std::fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn a_file_that_is_no_journal_is_left_as_it_is() {
    let Some(desk) = Desk::new("text") else {
        return;
    };
    for (name, text) in [("notes.txt", "my notes"), ("empty.txt", "")] {
        std::fs::write(desk.folder.join(name), text).expect("a file");
        for resume in [&[][..], &["--resume"]] {
            let said = desk.refused(&[&["--journal", name], resume].concat(), 1);
            assert!(said.contains(name) && said.contains("no journal"), "{said}");
            let left = std::fs::read_to_string(desk.folder.join(name));
            assert_eq!(left.expect("a file"), text);
        }
    }
    assert_eq!(desk.names(), ["empty.txt", "notes.txt"]);
}

#[test]
fn a_resume_without_a_journal_creates_nothing() {
    let Some(desk) = Desk::new("nothing") else {
        return;
    };
    let said = desk.refused(&["--resume", "--journal", "gone.sqlite"], 1);
    assert!(said.contains("no rollout at gone.sqlite"), "{said}");
    assert_eq!(desk.names(), [""; 0]);
}

#[test]
fn values_out_of_range_are_refused() {
    let Some(desk) = Desk::new("ranges") else {
        return;
    };
    for args in [
        &["--regress", "errors", "--at", "500"][..],
        &["--rate", "0"],
        &["--rate", "20000"],
        &["--kill-at", "0"],
        &["--at", "25"],
    ] {
        desk.refused(args, 2);
    }
    assert_eq!(desk.names(), [""; 0]);
}

#[test]
fn a_report_that_cannot_be_written_is_found_before_the_start() {
    let Some(desk) = Desk::new("report") else {
        return;
    };
    let said = desk.refused(&["--report", "gone/report.html"], 1);
    assert!(said.contains("gone/report.html"), "{said}");
    let folder = desk.folder.file_name().expect("a name").to_string_lossy();
    for report in [
        "./one".to_owned(),
        format!("../{folder}/one"),
        "one-wal".to_owned(),
        "one.lock".to_owned(),
    ] {
        let said = desk.refused(&["--journal", "one", "--report", &report], 1);
        assert!(said.contains("the journal one"), "{said}");
    }
    assert_eq!(desk.names(), [""; 0]);
}

#[cfg(unix)]
#[test]
fn a_report_is_not_written_over_the_journal_through_a_link() {
    let Some(desk) = Desk::new("link") else {
        return;
    };
    let output = desk.run(&["--journal", "kept.sqlite", "--kill-at", "4"]);
    assert_eq!(output.status.code(), None, "{output:?}");
    std::os::unix::fs::symlink("kept.sqlite", desk.folder.join("report.html")).expect("a link");
    let args = [
        "--journal",
        "kept.sqlite",
        "--resume",
        "--report",
        "report.html",
    ];
    let said = desk.refused(&args, 1);
    assert!(said.contains("over the journal kept.sqlite"), "{said}");
    assert_eq!(desk.records("kept.sqlite"), 4, "untouched");
}

#[test]
fn a_report_is_not_written_over_the_journal_by_its_other_name() {
    let Some(desk) = Desk::new("hard-link") else {
        return;
    };
    let output = desk.run(&["--journal", "kept.sqlite", "--kill-at", "4"]);
    assert_eq!(output.status.code(), None, "{output:?}");
    let (journal, report) = (desk.folder.join("kept.sqlite"), desk.folder.join("report"));
    if std::fs::hard_link(journal, report).is_err() {
        return;
    }
    let args = ["--journal", "kept.sqlite", "--resume", "--report", "report"];
    let said = desk.refused(&args, 1);
    assert!(said.contains("over the journal kept.sqlite"), "{said}");
    // Nor is a rollout carried out under one of two names.
    let said = desk.refused(&["--journal", "kept.sqlite", "--resume"], 1);
    assert!(said.contains("more than one name"), "{said}");
    assert_eq!(desk.records("kept.sqlite"), 4, "untouched");
}

#[test]
fn what_is_wrong_with_plan_and_bindings_is_said_at_once_and_nothing_begins() {
    let Some(desk) = Desk::new("faults") else {
        return;
    };
    let plans = Path::new(env!("CARGO_MANIFEST_DIR")).join("plans");
    let read = |name: &str| std::fs::read_to_string(plans.join(name)).expect("a document");
    let (plan, bindings) = (
        read("first-rollout.yaml"),
        read("first-rollout.bindings.yaml"),
    );
    let bad = plan.replace("status: ready", "status: reddy");
    std::fs::write(desk.folder.join("plan.yaml"), bad).expect("a file");
    let bad = bindings.replace("roles: [notifier]", "rolls: [notifier]");
    std::fs::write(desk.folder.join("bindings.yaml"), bad).expect("a file");
    let args = ["--plan", "plan.yaml", "--bindings", "bindings.yaml"];
    let said = desk.refused(&args, 1);
    assert!(said.contains("--> plan.yaml:10:9"), "{said}");
    assert!(said.contains("--> bindings.yaml:27:5"), "{said}");

    // What no adapter of this program can do is told with the line that promises it.
    let bad = bindings.replace("[weights, read-back]", "[weights, read-back, mirror]");
    std::fs::write(desk.folder.join("bindings.yaml"), bad).expect("a file");
    let said = desk.refused(&args[2..], 1);
    assert!(said.contains("bindings.yaml:16: "), "{said}");
    assert!(said.contains("'edge' cannot do 'mirror'"), "{said}");

    // So are settings that nobody knows, or that cannot be meant, and adapters: all at once.
    let bad = bindings
        .replace("listen:", "lissen:")
        .replace("release-manager: go", "release-manager: perhaps")
        .replace("in-process-messages", "pigeons");
    std::fs::write(desk.folder.join("bindings.yaml"), bad).expect("a file");
    let said = desk.refused(&args[2..], 1);
    for told in [
        "bindings.yaml:18: binding edge: 'lissen': ",
        "bindings.yaml:23: binding people: 'answers': the answer of 'release-manager'",
        "bindings.yaml:26: binding chat: this program has no adapter 'pigeons'",
    ] {
        assert!(said.contains(told), "{told}\n{said}");
    }

    // What no criterion can be decided by is told as well.
    let bad = bindings.replace("      - measure-distribution\n", "");
    std::fs::write(desk.folder.join("bindings.yaml"), bad).expect("a file");
    let said = desk.refused(&args[2..], 1);
    assert!(
        said.contains("'p99(latency) no worse than control"),
        "{said}"
    );
    assert_eq!(desk.names(), ["bindings.yaml", "plan.yaml"]);
}

#[test]
fn what_the_plan_names_and_nobody_knows_is_told_with_its_line_before_anything_begins() {
    let Some(desk) = Desk::new("unknown") else {
        return;
    };
    let plans = Path::new(env!("CARGO_MANIFEST_DIR")).join("plans");
    let plan = std::fs::read_to_string(plans.join("first-rollout.yaml")).expect("a document");
    let bad = plan.replace("target: greeter", "target: greter").replacen(
        "canary: latency",
        "canary: latncy",
        1,
    );
    std::fs::write(desk.folder.join("plan.yaml"), &bad).expect("a file");
    let line = |text: &str| {
        let at = bad.lines().position(|line| line.contains(text));
        format!("plan.yaml:{}: ", at.expect("it is there") + 1)
    };
    let said = desk.refused(&["--plan", "plan.yaml"], 1);
    for (text, wanted) in [
        ("target: greter", "'edge' cannot read 'greter'"),
        ("canary: latncy", "'metrics' does not answer 'latncy'"),
    ] {
        assert!(said.contains(&format!("{}{wanted}", line(text))), "{said}");
    }
    assert_eq!(desk.names(), ["plan.yaml"]);

    // What no source could ever decide stands in a line, too; and so does an adapter that is not there.
    let bindings = plans.join("first-rollout.bindings.yaml");
    let bindings = std::fs::read_to_string(bindings).expect("a document");
    let bad = bindings.replace("      - measure-distribution\n", "");
    std::fs::write(desk.folder.join("bindings.yaml"), bad).expect("a file");
    let said = desk.refused(&["--bindings", "bindings.yaml"], 1);
    let at = plan
        .lines()
        .position(|line| line.contains("- p99(latency) no worse"));
    let place = format!("first-rollout.yaml:{}: ", at.expect("it is there") + 1);
    assert!(said.contains(&place), "{said}");
    let bad = bindings.replace("in-process-router", "envoy");
    std::fs::write(desk.folder.join("bindings.yaml"), bad).expect("a file");
    let said = desk.refused(&["--bindings", "bindings.yaml"], 1);
    assert!(said.contains("bindings.yaml:14: "), "{said}");
    assert!(said.contains("has no adapter 'envoy'"), "{said}");
}

#[test]
fn a_no_at_the_gate_leads_back() {
    let Some(desk) = Desk::new("no-go") else {
        return;
    };
    let plans = Path::new(env!("CARGO_MANIFEST_DIR")).join("plans");
    let bindings = std::fs::read_to_string(plans.join("first-rollout.bindings.yaml"));
    let bindings = bindings.expect("a document");
    let no = bindings.replace("release-manager: go", "release-manager: no-go");
    assert_ne!(no, bindings);
    std::fs::write(desk.folder.join("bindings.yaml"), no).expect("a file");
    let output = desk.run(&["--bindings", "bindings.yaml"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("(go-canary) decided no-go"), "{said}");
    assert!(said.contains("greeter at 0%"), "{said}");
}

#[test]
fn a_run_that_goes_on_has_the_version_that_it_had() {
    let Some(desk) = Desk::new("regress") else {
        return;
    };
    let killed = desk.run(&["--regress", "errors", "--at", "5", "--kill-at", "36"]);
    assert_ne!(killed.status.code(), Some(0), "it was killed");
    let output = desk.run(&["--resume"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("version 2 goes bad as before: errors 5 %"),
        "{said}"
    );
    assert_eq!(output.status.code(), Some(3), "{said}");
}

#[test]
fn a_report_is_not_written_over_what_is_no_report() {
    let Some(desk) = Desk::new("over") else {
        return;
    };
    std::fs::write(desk.folder.join("plan.yaml"), "somebody's work").expect("a file");
    let said = desk.refused(&["--report", "plan.yaml"], 1);
    assert!(
        said.contains("plan.yaml is there and is no report"),
        "{said}"
    );
    assert_eq!(desk.names(), ["plan.yaml"]);
    let kept = std::fs::read_to_string(desk.folder.join("plan.yaml"));
    assert_eq!(kept.expect("a file"), "somebody's work");
}

#[test]
fn what_a_person_types_is_done() {
    let Some(desk) = Desk::new("typed") else {
        return;
    };
    let mut command = Command::new(&desk.program);
    command.current_dir(&desk.folder).stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program runs");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(b"hop\nabort\n").expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains("'hop' is no act"), "{said}");
    assert!(said.contains("abort: recorded as number"), "{said}");
}

#[cfg(unix)]
/// A revised plan is adopted where it leaves alone what has begun, and refused with everything that it may not.
#[test]
fn a_plan_is_revised_while_it_is_carried_out() {
    let Some(desk) = Desk::new("amended") else {
        return;
    };
    let plan = concat!(env!("CARGO_MANIFEST_DIR"), "/plans/first-rollout.yaml");
    let plan = std::fs::read_to_string(plan).expect("the plan");
    // The rungs of the canary, which has not begun; and the first step, which has.
    let fewer = plan.replace(
        "            - weight: 25%\n              bake: 6s\n              criteria: *no-worse\n",
        "",
    );
    assert_ne!(fewer, plan);
    let more = plan.replace("{weight: 1%, bake: 2s}", "{weight: 2%, bake: 2s}");
    std::fs::write(desk.folder.join("fewer.yaml"), fewer).expect("a file");
    std::fs::write(desk.folder.join("more.yaml"), more).expect("a file");
    let mut command = Command::new(&desk.program);
    command.current_dir(&desk.folder).stdin(Stdio::piped());
    let mut running = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut typed = running.stdin.take().expect("its input");
    let mut said = String::new();
    // Typed while the first phase bakes: the canary has not begun.
    let amendments =
        "amend more.yaml faster\namend fewer.yaml\namend fewer.yaml three rungs will do\n";
    let mut amendments = Some(amendments.as_bytes());
    let stderr = running.stderr.take().expect("what it says");
    for line in std::io::BufReader::new(stderr).lines() {
        let line = line.expect("text");
        if line.contains("| Internal trial | 1% |")
            && let Some(amendments) = amendments.take()
        {
            typed.write_all(amendments).expect("it reads");
        }
        said.push_str(&line);
        said.push('\n');
    }
    let status = running.wait().expect("it ends");
    drop(typed);
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(
        said.contains("step 'own-traffic' of phase 'internal' changes"),
        "{said}"
    );
    assert!(said.contains("give a reason"), "{said}");
    assert!(
        said.contains("three rungs will do: recorded as number"),
        "{said}"
    );
    let report = std::fs::read_to_string(desk.folder.join("rollout-report.html"));
    let report = report.expect("a report");
    for word in ["three rungs will do", "phase canary is changed"] {
        assert!(report.contains(word), "{word}");
    }
}

#[test]
fn a_second_process_is_refused_and_a_signal_stops_the_first_which_then_goes_on() {
    let Some(desk) = Desk::new("two") else {
        return;
    };
    let mut first = Command::new(&desk.program)
        .current_dir(&desk.folder)
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the program runs");
    let journal = desk.folder.join("first-rollout.sqlite");
    let begun = || journal.exists() && desk.folder.join("first-rollout.sqlite.lock").exists();
    let patience = std::time::Instant::now();
    while !begun() {
        assert!(patience.elapsed().as_secs() < 60, "it begins");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    std::thread::sleep(std::time::Duration::from_secs(1));
    // Who begins anew is not told to remove what is written just now.
    for args in [&["--resume"][..], &[]] {
        let said = desk.refused(args, 1);
        assert!(said.contains("another process"), "{said}");
        assert!(!said.contains("remove"), "{said}");
    }
    let term = Command::new("kill").arg(first.id().to_string()).status();
    assert!(term.expect("a kill command").success());
    let mut said = String::new();
    let mut errors = first.stderr.take().expect("a pipe");
    std::io::Read::read_to_string(&mut errors, &mut said).expect("text");
    assert_eq!(first.wait().expect("it ends").code(), Some(5), "{said}");
    assert!(said.contains("--resume goes on"), "{said}");
    let before = desk.records("first-rollout.sqlite");
    let more = (before + 1).to_string();
    let output = desk.run(&["--resume", "--kill-at", &more]);
    assert_eq!(output.status.code(), None, "{output:?}");
    assert_eq!(desk.records("first-rollout.sqlite"), before + 1);
}

#[test]
fn a_journal_in_which_nothing_has_begun_is_begun_in() {
    let Some(desk) = Desk::new("bare") else {
        return;
    };
    let clock = Arc::new(SystemClock::new());
    let path = desk.folder.join("bare.sqlite");
    drop(SqliteJournal::open(&path, clock).expect("a journal"));
    let said = desk.refused(&["--journal", "bare.sqlite", "--resume"], 1);
    assert!(said.contains("no rollout at bare.sqlite"), "{said}");
    let output = desk.run(&["--journal", "bare.sqlite", "--kill-at", "2"]);
    assert_eq!(output.status.code(), None, "{output:?}");
    assert_eq!(desk.records("bare.sqlite"), 2);
}

#[test]
fn a_journal_that_cannot_be_kept_is_named() {
    let Some(desk) = Desk::new("folder") else {
        return;
    };
    let said = desk.refused(&["--journal", "gone/journal.sqlite"], 1);
    assert!(said.contains("gone/journal.sqlite"), "{said}");
}

#[test]
fn a_kill_leaves_exactly_so_many_records_and_an_unfinished_journal_is_not_written_over() {
    let Some(desk) = Desk::new("kill") else {
        return;
    };
    // Record by record, so that a batch is cut at each of its places.
    for records in 1..=9_u64 {
        let journal = format!("{records}.sqlite");
        let output = desk.run(&["--journal", &journal, "--kill-at", &records.to_string()]);
        assert_eq!(output.status.code(), None, "{output:?}");
        assert_eq!(desk.records(&journal), records);
        let said = desk.refused(&["--journal", &journal], 1);
        assert!(said.contains("--resume"), "{said}");
        assert_eq!(desk.records(&journal), records, "untouched");
        // It goes on: some more are durable, and those of before are still there.
        let more = (records + 5).to_string();
        let output = desk.run(&["--journal", &journal, "--resume", "--kill-at", &more]);
        assert_eq!(output.status.code(), None, "{output:?}");
        assert_eq!(desk.records(&journal), records + 5);
    }
}

#[test]
fn a_resume_with_a_changed_document_is_refused() {
    let Some(desk) = Desk::new("changed") else {
        return;
    };
    let output = desk.run(&["--kill-at", "4"]);
    assert_eq!(output.status.code(), None, "{output:?}");
    for (option, name) in [
        ("--plan", "first-rollout.yaml"),
        ("--bindings", "first-rollout.bindings.yaml"),
    ] {
        let plans = Path::new(env!("CARGO_MANIFEST_DIR")).join("plans");
        let text = std::fs::read_to_string(plans.join(name)).expect("a document");
        let changed = desk.folder.join(name);
        std::fs::write(&changed, text.replacen('#', "# Changed:", 1)).expect("a file");
        let said = desk.refused(&["--resume", option, &changed.to_string_lossy()], 1);
        assert!(said.contains("from line 1 on they differ"), "{said}");
        assert_eq!(desk.records("first-rollout.sqlite"), 4, "untouched");
        std::fs::write(&changed, text).expect("a file");
        let same = [
            "--resume",
            option,
            &changed.to_string_lossy(),
            "--kill-at",
            "5",
        ];
        let output = desk.run(&same);
        // Killed at once where it stands, or a record on: it was taken up.
        assert_eq!(output.status.code(), None, "{output:?}");
        let at = desk.records("first-rollout.sqlite");
        assert_eq!(at, 5);
        std::fs::remove_file(desk.folder.join("first-rollout.sqlite")).expect("a file");
        for ending in ["-wal", "-shm"] {
            let _absent =
                std::fs::remove_file(desk.folder.join(format!("first-rollout.sqlite{ending}")));
        }
        desk.run(&["--kill-at", "4"]);
    }
}
