//! A conversation and the future that moves its bytes, as clients give them apart.

use std::future::Future;
use std::pin::pin;

/// Polls what is said on a connection, and the connection beside it, until the first is done. Where the connection ends
/// first, what was said last may still be there, so the conversation is polled to its end.
///
/// Dropping the future drops both.
pub async fn moved<T>(said: impl Future<Output = T>, traffic: impl Future) -> T {
    let mut said = pin!(said);
    tokio::select! {
        biased;
        answer = &mut said => return answer,
        _ = traffic => {}
    }
    said.await
}
