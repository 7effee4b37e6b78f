//! Question: how do I put only retry and a circuit breaker around an HTTP call?
//!
//! A service that fails one request in eight is called through a policy: nobody notices. Then it dies: the
//! breaker opens after a few calls, and from then on calls are refused here, at once, with the reason.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http_body_util::Empty;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::TokioExecutor;
use phasegate_examples::service::{Regression, Service, Version};
use phasegate_resilience::{
    Backoff, Breaker, BreakerConfig, Call, Judgement, Policy, RetryPolicy, State, TokioTimer,
    Window,
};

/// What a result means is said once: for the breaker, the retry and the statistics.
fn judge(result: &Result<StatusCode, Error>) -> Judgement {
    match result {
        Ok(StatusCode::TOO_MANY_REQUESTS) => Judgement::throttled().because("http 429"),
        Ok(status) if status.is_server_error() => Judgement::failure().because("http 5xx"),
        Ok(status) if status.is_client_error() => Judgement::permanent().because("http 4xx"),
        Ok(_) => Judgement::success(),
        // No connection: nothing was sent, so even what must not happen twice may be tried again.
        Err(error) if error.is_connect() => {
            Judgement::failure().not_sent().because("no connection")
        }
        Err(_) => Judgement::failure().because("broken off"),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = BreakerConfig::default()
        .window(Window::Calls(20))
        .min_calls(10)
        .open_for(Backoff::constant(Duration::from_secs(30)));
    let breaker = Arc::new(Breaker::new(config)?);
    let backoff = Backoff::exponential(Duration::from_millis(2));
    let policy = Policy::new()
        .retry(RetryPolicy::default().attempts(4).backoff(backoff))
        .timeout(Duration::from_secs(2))
        .breaker(breaker.clone());
    let timer = TokioTimer::new();

    let service = Service::start(Version::stable()).await?;
    service.regress(Regression::Errors);
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let uri: http::Uri = format!("http://{}/", service.address()).parse()?;
    let attempts = AtomicU32::new(0);
    let get = async || {
        let once = |_attempt| {
            attempts.fetch_add(1, Ordering::Relaxed);
            let answer = client.get(uri.clone());
            async { answer.await.map(|response| response.status()) }
        };
        policy.run(&timer, &Call::read(), &judge, once).await
    };

    for _ in 0..100 {
        assert_eq!(get().await?, StatusCode::OK);
    }
    let made = attempts.swap(0, Ordering::Relaxed);
    println!(
        "100 calls answered, {made} attempts made, breaker {:?}",
        breaker.state()
    );
    assert!(made > 100, "one in eight attempts fails");
    assert_eq!(breaker.state(), State::Closed);

    drop(service);
    let mut refused = 0;
    for _ in 0..100 {
        let error = get().await.expect_err("nobody is there");
        // A refusal says nothing about the other side: no measurement, no failure.
        refused += u32::from(error.is_inconclusive());
    }
    let made = attempts.load(Ordering::Relaxed);
    println!("100 calls to a dead service: {made} attempts made, {refused} calls refused here");
    println!("{}", breaker.explain(&timer));
    assert_eq!(breaker.state(), State::Open);
    assert!(
        made <= 20 && refused >= 90,
        "{made} attempts, {refused} refused"
    );
    Ok(())
}
