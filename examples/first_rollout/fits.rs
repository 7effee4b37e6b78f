//! Can this program do what the documents say? Asked before anything is done, and told with the lines.

use phasegate::core::Clock as _;
use phasegate::engine::program::Program;
use phasegate::engine::{CompileError, Start, compile};
use phasegate::plan::{PlanDocument, Value};
use phasegate::provider::Registry;
use phasegate::runner::{Asked, Refusal, SystemClock, Unfit, preflight, unfit};
use phasegate_examples::say;

use crate::Error;
use crate::documents::Documents;

/// Compiles the plan. What its sources could never decide is told with the line of the criterion.
pub fn program(documents: &Documents, start: &Start) -> Result<Program, Error> {
    let compiled = compile(&documents.plan, &documents.catalog, start);
    let unmeasurable = match compiled {
        Err(CompileError::Unmeasurable(all)) => all,
        Err(error) => return Err(error.into()),
        Ok(program) => return Ok(program),
    };
    let said = unmeasurable.iter().map(|one| {
        let is = |_: &str, text: &str| words(text).contains(&*one.criterion);
        format!("{}{one}", place(&documents.document, &is))
    });
    Err(lines(said).into())
}

/// Refuses a bindings document that promises what this program's adapters cannot do, and what they do not
/// know of what the plan names.
pub async fn fits(
    program: &Program,
    documents: &Documents,
    registry: &Registry,
) -> Result<(), Error> {
    let bindings = &documents.bindings;
    let unfit = unfit(program, registry);
    if !unfit.is_empty() {
        let said = unfit.iter().map(|unfit| {
            let (binding, within) = match unfit {
                Unfit::Incapable {
                    binding,
                    capability,
                } => (binding, capability.to_string()),
                Unfit::Missing { binding, role } => (binding, role.to_string()),
                _ => return unfit.to_string(),
            };
            let under = format!("/bindings/{binding}/");
            let is = |at: &str, text: &str| at.starts_with(&under) && text == within;
            format!("{}{unfit}", place(bindings, &is))
        });
        return Err(lines(said).into());
    }
    let now = SystemClock::new().now().wall;
    let refusals = preflight(program, registry, now).await;
    let (refused, away): (Vec<_>, Vec<_>) = refusals.into_iter().partition(|one| one.is_final);
    for refusal in away {
        say::aside(format_args!("warning: {refusal}"));
    }
    if refused.is_empty() {
        return Ok(());
    }
    Err(lines(refused.iter().map(|one| refusal(one, documents))).into())
}

/// A refusal, with the line of the plan that names what was asked for.
fn refusal(refusal: &Refusal, documents: &Documents) -> String {
    let is = |at: &str, text: &str| match &refusal.about {
        Asked::Number { text: query, .. } => at.contains("/query/") && text == query,
        Asked::State { target } => {
            (at.ends_with("/target") || at.ends_with("/flag")) && text == target.as_str()
        }
        _ => false,
    };
    format!("{}{refusal}", place(&documents.document, &is))
}

/// `FILE:LINE: ` of a place in a document.
pub fn line(document: &PlanDocument, pointer: &str) -> String {
    let found = document.pointers().into_iter();
    let mut found = found.filter(|(_, at)| at == pointer);
    found.next().map_or_else(String::new, |(line, _)| {
        format!("{}:{line}: ", document.name())
    })
}

/// `FILE:LINE: ` of the first text that it is; nothing where there is none.
fn place(document: &PlanDocument, is: &dyn Fn(&str, &str) -> bool) -> String {
    let found = document.pointers().into_iter().find(|(_, at)| {
        let value = document.value_at(at);
        matches!(value, Some(Value::Text(text)) if is(at, &text))
    });
    found.map_or_else(String::new, |(line, _)| {
        format!("{}:{line}: ", document.name())
    })
}

/// With single spaces between its words.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn lines(said: impl Iterator<Item = String>) -> String {
    said.collect::<Vec<_>>().join("\n")
}
