//! What a command says: `name=value`, one a line and nothing else, when it has done its work.

use phasegate_provider::text::one_line;
use phasegate_provider::{Call, ErrorKind, Exit, ProviderError, Sent};

use crate::runner::Commands;

/// The most characters of what a command complains about that are told.
const COMPLAINT_CHARS_MAX: usize = 200;

/// Runs a command, and gives what it prints if it ends with 0.
pub(crate) async fn printed(
    commands: &Commands,
    command: &str,
    call: &Call,
    more: &[(&'static str, String)],
    act: &str,
) -> Result<String, ProviderError> {
    let run = commands.run_with(command, call, more).await?;
    let failed = |why: String| {
        let told = format!("{act}: {why}");
        Err(ProviderError::new(
            ErrorKind::Unavailable,
            Sent::Answered,
            told,
        ))
    };
    match run.exit {
        Exit::Code(0) if run.truncated => Err(ProviderError::invalid(format!(
            "{act}: it printed more than is kept"
        ))),
        Exit::Code(0) => Ok(run.stdout),
        Exit::Code(code) => {
            let complaint = one_line(run.stderr.trim(), COMPLAINT_CHARS_MAX);
            failed(format!("it ended with {code}: {complaint}"))
        }
        Exit::Signal(signal) => failed(format!("it was ended by signal {signal}")),
    }
}

/// The values of a text by these names; `None` if it says nothing.
pub(crate) fn named<'a>(
    text: &'a str,
    names: [&str; 2],
    act: &str,
) -> Result<Option<[Option<&'a str>; 2]>, ProviderError> {
    let invalid = |why: String| Err(ProviderError::invalid(format!("{act}: {why}")));
    let mut found = [None, None];
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let shown = one_line(line, 80);
        let pair = line.split_once('=').and_then(|(name, value)| {
            let at = names.iter().position(|of| *of == name.trim())?;
            Some((found.get_mut(at)?, value.trim()))
        });
        let Some((place, value)) = pair else {
            let [first, second] = names;
            return invalid(format!("'{shown}' is neither {first}= nor {second}="));
        };
        if place.replace(value).is_some() {
            return invalid(format!("'{shown}' comes twice"));
        }
    }
    let says = found.iter().any(Option::is_some);
    Ok(says.then_some(found))
}
