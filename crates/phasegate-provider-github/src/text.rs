//! What a plan's text asks about.

/// Which number of a workflow's runs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Of {
    /// How many failed: `failed NAME`.
    Failed,
    /// The longest: `max NAME`.
    Max,
    /// How long they took: `mean NAME`.
    Mean,
    /// How many there were, or how many took less than a threshold: `NAME`.
    Runs,
    /// How many succeeded: `succeeded NAME`.
    Succeeded,
}

impl Of {
    /// The number, and the workflow's name. A workflow whose name begins with one of the words is told by `runs NAME`.
    pub(crate) fn parse(text: &str) -> (Self, &str) {
        let text = text.trim();
        let Some((word, name)) = text.split_once(char::is_whitespace) else {
            return (Self::Runs, text);
        };
        let of = match word {
            "failed" => Self::Failed,
            "max" => Self::Max,
            "mean" => Self::Mean,
            "runs" => Self::Runs,
            "succeeded" => Self::Succeeded,
            _ => return (Self::Runs, text),
        };
        (of, name.trim())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_a_number_and_a_name() {
        for (text, want) in [
            ("deploy", (Of::Runs, "deploy")),
            ("failed deploy", (Of::Failed, "deploy")),
            ("  mean  git revert ", (Of::Mean, "git revert")),
            ("git revert", (Of::Runs, "git revert")),
            ("runs max load", (Of::Runs, "max load")),
            ("", (Of::Runs, "")),
        ] {
            assert_eq!(Of::parse(text), want, "{text}");
        }
    }
}
