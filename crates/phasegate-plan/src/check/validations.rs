//! Validations of ways back: do they ask what still answers?

use phasegate_core::Ratio;
use phasegate_criterion::{Criterion, KpiRegistry, measured};

use super::walk::ways_back;
use super::{At, Scope};
use crate::fault::Code;
use crate::model::Rollback;

pub(super) fn check(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    let registry = scope.registry();
    ways_back(draft, &mut |here, rollback| {
        one(scope, rollback, &registry, here);
    });
}

/// A KPI with a query for the new version alone is asked about the new version: there is nothing to be measured once it
/// has no traffic. Where there is another query, that one is asked then.
fn one(scope: &mut Scope<'_>, rollback: &Rollback, registry: &KpiRegistry, here: At<'_>) {
    if scope.is_unread(here, &["steps"]) {
        return;
    }
    let mut rungs = rollback
        .steps
        .iter()
        .filter_map(|step| step.action.last_rung());
    let moves = rungs.clone().next().is_some();
    if !moves || !rungs.all(|rung| rung == Ratio::ZERO) {
        return;
    }
    let list = here.key("validation");
    for (number, condition) in rollback.validation.iter().enumerate() {
        if let Some(kpi) = asks_the_new(&condition.criterion, registry) {
            let message = format!(
                "'{kpi}' is asked about the new version, which has no traffic once this way back is done"
            );
            let help = "give this KPI a query for the whole, which is asked then";
            scope.report(
                Code::ValidationWithoutTraffic,
                list.index(number),
                message,
                help,
            );
        }
    }
}

/// The first KPI of a criterion of which only the new version can be asked.
fn asks_the_new(criterion: &Criterion, registry: &KpiRegistry) -> Option<phasegate_core::KpiId> {
    criterion.condition.tests().find_map(|test| {
        let measured = measured(&test.subject.measure, registry).ok()?;
        let mut sources = measured.sources.iter();
        let only_new = |source: &&phasegate_criterion::Source<'_>| {
            let queries = source.queries;
            queries.canary.is_some() && queries.whole.is_none() && queries.stable.is_none()
        };
        let found = sources.find(only_new)?;
        Some(found.kpi.id.clone())
    })
}
