//! Who met the bad version.

use phasegate_core::Ratio;

use crate::answer::whole;
use crate::options::Options;
use crate::outcome::Backtest;

/// Who met the bad version: the requests of each stretch times its exposure, up to when it was found out.
pub(crate) fn exposed(all: &mut Backtest, options: &Options) {
    let Some(bad) = options.bad_from else {
        return;
    };
    let end = all.detection().map_or(options.until, |alarm| alarm.at);
    let until = |index: usize| {
        all.exposure
            .get(index + 1)
            .map_or(end, |(at, _)| *at)
            .min(end)
    };
    let mut requests = 0.0;
    let mut most = Ratio::ZERO;
    let mut since = None;
    // Traffic that was not recorded is not nothing.
    let mut told = options.traffic.is_some();
    for (index, (from, share)) in all.exposure.iter().enumerate() {
        let (start, stop) = ((*from).max(bad), until(index));
        // Found out at the moment at which it went bad, it was met all the same.
        let at_once = start == stop && *from < stop && stop == end;
        if *share == Ratio::ZERO || !(start < stop || at_once) {
            continue;
        }
        since = since.or(Some(start));
        most = most.max(*share);
        if let Some(traffic) = &options.traffic {
            match traffic.requests.grew(start, stop) {
                Some(grown) => requests += grown * share.to_f64(),
                None => told = false,
            }
        }
    }
    all.bad_since = since;
    all.exposed.requests = whole(requests);
    all.exposed.share = most;
    let users = options.traffic.as_ref().map_or(0, |traffic| traffic.users);
    all.exposed.assigned = whole(users as f64 * most.to_f64());
    all.exposed.users = all.exposed.assigned.min(all.exposed.requests);
    all.exposed.counted = told;
}
