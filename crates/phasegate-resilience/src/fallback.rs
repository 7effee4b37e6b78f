//! A chain of sources (primary, mirror, cache) that says which of them answered.
//!
//! The chain is a type, not a list of boxes: nothing is allocated, and the compiler sees through.

use core::future::Future;

use crate::call::{Judge, Outcome};

/// An answer and where it came from. Whoever uses a value must be able to say that it was a
/// mirror's or an old one.
///
/// ```
/// use phasegate_resilience::{Fallback, OkOrFailure};
///
/// let served = Fallback::first("primary", || Err("down"))
///     .or("mirror", || Ok(7))
///     .run_blocking(&OkOrFailure);
/// assert_eq!((served.by, served.result), ("mirror", Ok(7)));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Served<R> {
    /// The first good result, or that of the last source.
    pub result: R,
    /// The name of the source that gave it.
    pub by: &'static str,
    /// How many sources were asked before it.
    pub passed: u32,
}

/// The end of a chain that has no source yet.
///
/// ```
/// use phasegate_resilience::{Fallback, Nothing};
///
/// type One = Fallback<Nothing, fn() -> Result<u32, ()>>;
///
/// fn primary() -> One {
///     Fallback::first("primary", || Ok(7))
/// }
/// # let _: fn() -> One = primary;
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Nothing;

/// Sources in order.
///
/// ```
/// use phasegate_resilience::{Fallback, OkOrFailure};
///
/// # fn block_on<F: core::future::Future>(f: F) -> F::Output {
/// #     let mut f = std::pin::pin!(f);
/// #     let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
/// #     loop { if let std::task::Poll::Ready(o) = f.as_mut().poll(&mut cx) { return o; } }
/// # }
/// let served = block_on(
///     Fallback::first("primary", || async { Err::<u32, _>("down") })
///         .or("mirror", || async { Err("down too") })
///         .or("cache", || async { Ok(7) })
///         .run(&OkOrFailure),
/// );
/// assert_eq!((served.result, served.by, served.passed), (Ok(7), "cache", 2));
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "a chain does nothing until it is run"]
pub struct Fallback<Before, F> {
    before: Before,
    name: &'static str,
    source: F,
}

impl<F> Fallback<Nothing, F> {
    /// A chain of one source.
    pub fn first(name: &'static str, source: F) -> Self {
        Self {
            before: Nothing,
            name,
            source,
        }
    }
}

impl<Before, F> Fallback<Before, F> {
    /// Asks `source` when no source before it was good.
    pub fn or<G>(self, name: &'static str, source: G) -> Fallback<Self, G> {
        Fallback {
            before: self,
            name,
            source,
        }
    }

    /// Asks one source after the other until the judge calls a result a success. Dropping the
    /// future drops the source that is being asked.
    pub async fn run<T, E, J>(self, judge: &J) -> Served<Result<T, E>>
    where
        Self: Chain<T, E>,
        J: Judge<T, E>,
    {
        self.ask(judge).await
    }

    /// The same with blocking sources.
    pub fn run_blocking<T, E, J>(self, judge: &J) -> Served<Result<T, E>>
    where
        Self: BlockingChain<T, E>,
        J: Judge<T, E>,
    {
        self.ask_blocking(judge)
    }
}

/// A chain of sources that give futures.
///
/// ```
/// use phasegate_resilience::{Chain, Fallback, OkOrFailure, Served};
///
/// /// Takes any chain, however long.
/// async fn ask(chain: impl Chain<u32, String>) -> Served<Result<u32, String>> {
///     chain.ask(&OkOrFailure).await
/// }
/// # fn block_on<F: core::future::Future>(f: F) -> F::Output {
/// #     let mut f = std::pin::pin!(f);
/// #     let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
/// #     loop { if let std::task::Poll::Ready(o) = f.as_mut().poll(&mut cx) { return o; } }
/// # }
/// let chain = Fallback::first("primary", || async { Err("down".to_owned()) })
///     .or("cache", || async { Ok(7) });
/// assert_eq!(block_on(ask(chain)).by, "cache");
/// ```
pub trait Chain<T, E>: Sized {
    /// Asks the sources in order.
    fn ask<J: Judge<T, E>>(self, judge: &J) -> impl Future<Output = Served<Result<T, E>>>;
}

/// A chain of sources that block.
///
/// ```
/// use phasegate_resilience::{BlockingChain, Fallback, OkOrFailure};
///
/// fn ask(chain: impl BlockingChain<u32, ()>) -> &'static str {
///     chain.ask_blocking(&OkOrFailure).by
/// }
/// assert_eq!(ask(Fallback::first("primary", || Err(())).or("mirror", || Ok(7))), "mirror");
/// ```
pub trait BlockingChain<T, E>: Sized {
    /// Asks the sources in order.
    fn ask_blocking<J: Judge<T, E>>(self, judge: &J) -> Served<Result<T, E>>;
}

impl<T, E, F, Fut> Chain<T, E> for Fallback<Nothing, F>
where
    F: FnOnce() -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    async fn ask<J: Judge<T, E>>(self, _judge: &J) -> Served<Result<T, E>> {
        Served {
            result: (self.source)().await,
            by: self.name,
            passed: 0,
        }
    }
}

impl<T, E, B, G, F, Fut> Chain<T, E> for Fallback<Fallback<B, G>, F>
where
    Fallback<B, G>: Chain<T, E>,
    F: FnOnce() -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    async fn ask<J: Judge<T, E>>(self, judge: &J) -> Served<Result<T, E>> {
        let served = self.before.ask(judge).await;
        if judge.judge(&served.result).outcome == Outcome::Success {
            return served;
        }
        let passed = served.passed + 1;
        Served {
            result: (self.source)().await,
            by: self.name,
            passed,
        }
    }
}

impl<T, E, F> BlockingChain<T, E> for Fallback<Nothing, F>
where
    F: FnOnce() -> Result<T, E>,
{
    fn ask_blocking<J: Judge<T, E>>(self, _judge: &J) -> Served<Result<T, E>> {
        Served {
            result: (self.source)(),
            by: self.name,
            passed: 0,
        }
    }
}

impl<T, E, B, G, F> BlockingChain<T, E> for Fallback<Fallback<B, G>, F>
where
    Fallback<B, G>: BlockingChain<T, E>,
    F: FnOnce() -> Result<T, E>,
{
    fn ask_blocking<J: Judge<T, E>>(self, judge: &J) -> Served<Result<T, E>> {
        let served = self.before.ask_blocking(judge);
        if judge.judge(&served.result).outcome == Outcome::Success {
            return served;
        }
        let passed = served.passed + 1;
        Served {
            result: (self.source)(),
            by: self.name,
            passed,
        }
    }
}
