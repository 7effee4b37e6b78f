//! Reviews of a pull request as answers: approved is yes, changes requested is no.
//!
//! Who may edit others' reviews can change their text, and GitHub's REST API does not show it. What a review says by its
//! state cannot be edited, and it must be younger than the question; so only which question it answers rests on the text.

use phasegate_core::Timestamp;
use phasegate_provider::{Call, Decision, ProviderError};
use serde::Deserialize;
use tokio::time::Instant;

use crate::api::Api;
use crate::issue::{User, left};

const PER_PAGE: usize = 100;
/// How many pages are read, as of comments.
const PAGES_MAX: usize = 10;

/// A review: what is used of it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Review {
    pub(crate) id: u64,
    pub(crate) html_url: String,
    pub(crate) user: Option<User>,
    state: String,
    body: String,
    /// None of a review that is still being written.
    pub(crate) submitted_at: Option<Timestamp>,
}

impl Review {
    /// What it decides, and why, if it answers the question with this code.
    pub(crate) fn decides(&self, code: &str) -> Option<(Decision, &str)> {
        let decision = match self.state.as_str() {
            "APPROVED" => Decision::Yes,
            "CHANGES_REQUESTED" => Decision::No,
            // One that was dismissed counts no more; one that only comments never did.
            _ => return None,
        };
        let rest = self.body.trim_start().strip_prefix(code)?;
        let ends = rest.chars().next().is_none_or(char::is_whitespace);
        ends.then(|| (decision, rest.trim()))
    }
}

impl Api {
    /// All reviews of a pull request, oldest first.
    pub(crate) async fn reviews(
        &self,
        pull_request: u64,
        call: &Call,
        act: &str,
    ) -> Result<Vec<Review>, ProviderError> {
        let path = format!("{}/pulls/{pull_request}/reviews", self.repository(act)?);
        let (mut all, began): (Vec<Review>, _) = (Vec::new(), Instant::now());
        for page in 1..=PAGES_MAX {
            let path = format!("{path}?per_page={PER_PAGE}&page={page}");
            let call = left(call, began);
            let found: Vec<Review> = self.get(&path, None, &call, act).await?.json(act)?;
            let is_last = found.len() < PER_PAGE;
            all.extend(found);
            if is_last {
                return Ok(all);
            }
        }
        let told = format!("{act}: pull request {pull_request} has more than a thousand reviews");
        Err(ProviderError::invalid(told))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_review_answers_by_its_state_the_question_that_it_names() {
        let review = |state: &str, body: &str| Review {
            id: 1,
            html_url: String::new(),
            user: None,
            state: state.to_owned(),
            body: body.to_owned(),
            submitted_at: None,
        };
        for (state, body, want) in [
            ("APPROVED", "q-1a2b flat", Some((Decision::Yes, "flat"))),
            ("APPROVED", "  q-1a2b", Some((Decision::Yes, ""))),
            (
                "CHANGES_REQUESTED",
                "q-1a2b\nno",
                Some((Decision::No, "no")),
            ),
            ("APPROVED", "q-1a2bc flat", None),
            ("APPROVED", "fine, q-1a2b", None),
            ("APPROVED", "", None),
            ("COMMENTED", "q-1a2b", None),
            ("DISMISSED", "q-1a2b", None),
            ("PENDING", "q-1a2b", None),
            ("approved", "q-1a2b", None),
        ] {
            let review = review(state, body);
            assert_eq!(review.decides("q-1a2b"), want, "{state} {body}");
        }
    }
}
