//! A guarded provider is a provider: each role's methods as calls through the guard.

use std::collections::BTreeSet;

use async_trait::async_trait;
use phasegate_core::{Capability, Desired, Measurement, Query, Ratio, Standing, TargetId};
use phasegate_resilience::Timer;

use super::{Guarded, through};
use crate::layer::{Request, Response};
use crate::{
    ApprovalSource, Ask, AskId, Broken, Call, CommandRun, CommandRunner, Effector, EventId,
    EventSource, Exposure, FaultInjector, FlagStore, Health, HealthProbe, Message, MetricSource,
    Notifier, Occurrence, Provider, ProviderError, Receipt, Reply, Scale, Scaler, Traffic,
    TrafficRouter,
};

impl<R, T> Provider for Guarded<R, T>
where
    R: Provider + ?Sized,
    T: Send + Sync,
{
    fn capabilities(&self) -> BTreeSet<Capability> {
        self.inner.capabilities()
    }
}

/// The one form of answer that a request has; a layer gave another.
fn another_form() -> ProviderError {
    ProviderError::misuse("a layer answered in a form that does not fit the call")
}

macro_rules! unwrapped {
    ($response:expr, $form:pat => $value:expr) => {
        match $response {
            Ok($form) => Ok($value),
            Ok(_) => Err(another_form()),
            Err(error) => Err(error),
        }
    };
}

macro_rules! guarded {
    ($($role:ident {
        $(fn $method:ident($($arg:ident: $type:ty),*) -> $answer:ty
            = $request:expr => $form:pat => $value:expr;)*
    } and { $($rest:item)* })*) => {$(
        #[async_trait]
        impl<T> $role for Guarded<dyn $role, T>
        where
            T: Timer<Sleep: Send> + Send + Sync,
        {
            $(async fn $method(
                &self,
                $($arg: $type,)*
                call: &Call,
            ) -> Result<$answer, ProviderError> {
                unwrapped!(through(&self.inner, &self.guard, $request, call).await, $form => $value)
            })*
            $($rest)*
        }
    )*};
}

guarded! {
    ApprovalSource {
        fn ask(ask: &Ask) -> Receipt = Request::Ask(ask.clone()) => Response::Receipt(r) => r;
        fn poll() -> Vec<Reply> = Request::PollReplies => Response::Replies(r) => r;
        fn close(ask: &AskId) -> () = Request::CloseAsk(ask.clone()) => Response::Done => ();
    } and {}
    CommandRunner {
        fn run(command: &str) -> CommandRun
            = Request::Run(command.to_owned()) => Response::Run(run) => run;
    } and {}
    Effector {
        fn perform(desired: &Desired) -> Receipt
            = Request::Perform(desired.clone()) => Response::Receipt(r) => r;
    } and {}
    EventSource {
        fn poll() -> Vec<Occurrence> = Request::PollEvents => Response::Occurrences(o) => o;
        fn acknowledge(ids: &[EventId]) -> ()
            = Request::Acknowledge(ids.to_vec()) => Response::Done => ();
    } and {}
    FaultInjector {
        fn read(experiment: &str) -> Option<Broken>
            = Request::ReadFault(experiment.to_owned()) => Response::Broken(b) => b;
        fn start(experiment: &str, fault: &str) -> Receipt
            = Request::StartFault(experiment.to_owned(), fault.to_owned())
            => Response::Receipt(r) => r;
        fn stop(experiment: &str) -> Receipt
            = Request::StopFault(experiment.to_owned()) => Response::Receipt(r) => r;
    } and {}
    FlagStore {
        fn read(flag: &TargetId) -> Exposure
            = Request::ReadFlag(flag.clone()) => Response::Exposure(e) => e;
        fn set(flag: &TargetId, share: Ratio) -> Receipt
            = Request::SetFlag(flag.clone(), share) => Response::Receipt(r) => r;
    } and {
        fn judge(
            &self,
            flag: &TargetId,
            desired: Ratio,
            before: Option<Ratio>,
            found: &Exposure,
        ) -> Standing {
            self.inner.judge(flag, desired, before, found)
        }
    }
    HealthProbe {
        fn probe(target: &TargetId) -> Health
            = Request::Probe(target.clone()) => Response::Health(h) => h;
    } and {}
    MetricSource {
        fn measure(query: &Query) -> Measurement
            = Request::Measure(query.clone()) => Response::Measurement(m) => m;
    } and {}
    Notifier {
        fn send(message: &Message) -> Receipt
            = Request::Send(message.clone()) => Response::Receipt(r) => r;
    } and {}
    Scaler {
        fn read(target: &TargetId) -> Scale
            = Request::ReadScale(target.clone()) => Response::Scale(s) => s;
        fn set(target: &TargetId, count: u32) -> Receipt
            = Request::SetScale(target.clone(), count) => Response::Receipt(r) => r;
    } and {
        fn judge(
            &self,
            target: &TargetId,
            desired: u32,
            before: Option<u32>,
            found: &Scale,
        ) -> Standing {
            self.inner.judge(target, desired, before, found)
        }
    }
    TrafficRouter {
        fn read(target: &TargetId) -> Traffic
            = Request::ReadTraffic(target.clone()) => Response::Traffic(t) => t;
        fn set(target: &TargetId, canary: Ratio) -> Receipt
            = Request::SetTraffic(target.clone(), canary) => Response::Receipt(r) => r;
    } and {
        fn judge(
            &self,
            target: &TargetId,
            desired: Ratio,
            before: Option<Ratio>,
            found: &Traffic,
        ) -> Standing {
            self.inner.judge(target, desired, before, found)
        }
    }
}
