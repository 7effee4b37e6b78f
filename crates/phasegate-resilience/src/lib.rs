//! Retry, circuit breaker, timeout, rate limiter, bulkhead, hedge, fallback and budgets, as plain decisions.
#![forbid(unsafe_code)]
