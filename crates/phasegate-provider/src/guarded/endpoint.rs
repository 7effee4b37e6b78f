//! From a call as a value to the method of the role, at the end of the chain.

use std::sync::Arc;

use async_trait::async_trait;

use crate::layer::{Endpoint, Request, Response};
use crate::{
    ApprovalSource, Call, CommandRunner, Effector, EventSource, FaultInjector, FlagStore,
    HealthProbe, MetricSource, Notifier, ProviderError, Scaler, TrafficRouter,
};

/// A layer passed on a request of another role.
fn another_role(request: &Request) -> ProviderError {
    ProviderError::misuse(format!("{}: not a call of this role", request.name()))
}

macro_rules! endpoints {
    ($($role:ident($self:ident, $call:ident) { $($request:pat => $answer:expr,)* })*) => {$(
        #[async_trait]
        impl Endpoint for Arc<dyn $role> {
            async fn answer(
                &self,
                request: &Request,
                $call: &Call,
            ) -> Result<Response, ProviderError> {
                let $self = self;
                match request {
                    $($request => $answer,)*
                    other => Err(another_role(other)),
                }
            }
        }
    )*};
}

endpoints! {
    ApprovalSource(source, call) {
        Request::Ask(ask) => source.ask(ask, call).await.map(Response::Receipt),
        Request::PollReplies => source.poll(call).await.map(Response::Replies),
        Request::CloseAsk(ask) => source.close(ask, call).await.map(|()| Response::Done),
    }
    CommandRunner(runner, call) {
        Request::Run(command) => runner.run(command, call).await.map(Response::Run),
    }
    Effector(effector, call) {
        Request::Perform(desired) => effector.perform(desired, call).await.map(Response::Receipt),
    }
    EventSource(source, call) {
        Request::PollEvents => source.poll(call).await.map(Response::Occurrences),
        Request::Acknowledge(ids) => source.acknowledge(ids, call).await.map(|()| Response::Done),
    }
    FaultInjector(injector, call) {
        Request::ReadFault(experiment) => injector.read(experiment, call).await.map(Response::Broken),
        Request::StartFault(experiment, fault) => {
            injector.start(experiment, fault, call).await.map(Response::Receipt)
        },
        Request::StopFault(experiment) => {
            injector.stop(experiment, call).await.map(Response::Receipt)
        },
    }
    FlagStore(store, call) {
        Request::ReadFlag(flag) => store.read(flag, call).await.map(Response::Exposure),
        Request::SetFlag(flag, share) => store.set(flag, *share, call).await.map(Response::Receipt),
    }
    HealthProbe(probe, call) {
        Request::Probe(target) => probe.probe(target, call).await.map(Response::Health),
    }
    MetricSource(source, call) {
        Request::Measure(query) => source.measure(query, call).await.map(Response::Measurement),
    }
    Notifier(notifier, call) {
        Request::Send(message) => notifier.send(message, call).await.map(Response::Receipt),
    }
    Scaler(scaler, call) {
        Request::ReadScale(target) => scaler.read(target, call).await.map(Response::Scale),
        Request::SetScale(target, count) => {
            scaler.set(target, *count, call).await.map(Response::Receipt)
        },
    }
    TrafficRouter(router, call) {
        Request::ReadTraffic(target) => router.read(target, call).await.map(Response::Traffic),
        Request::SetTraffic(target, canary) => {
            router.set(target, *canary, call).await.map(Response::Receipt)
        },
    }
}
