//! Claims: one rollout per resource.

use std::slice;

use super::make::{TTL, batch, claim, holder, last, rollout};
use super::{Outcome, Store, fine, is, listed, same};
use crate::{CreateError, ReadError};

listed! {
    a_claimed_resource_is_refused_and_its_holder_named,
    a_refused_rollout_leaves_nothing_behind,
    claims_end_with_the_rollout,
}

async fn a_claimed_resource_is_refused_and_its_holder_named(store: &dyn Store) -> Outcome {
    let journal = store.open().await;
    let me = holder("a")?;
    let route = claim("proxy", "checkout")?;
    let first = rollout("first")?;
    // The same claim twice counts once.
    let twice = [route.clone(), route.clone()];
    let made = journal
        .create(&first, &me, TTL, &twice, batch(&["x"]))
        .await;
    fine!(made, "the first rollout");
    let free = [claim("proxy", "search")?, claim("flags", "checkout")?];
    let made = journal
        .create(&rollout("second")?, &me, TTL, &free, batch(&["x"]))
        .await;
    fine!(made, "another target, or the same of another binding");
    let mixed = [claim("proxy", "pay")?, route.clone()];
    let made = journal
        .create(&rollout("third")?, &me, TTL, &mixed, batch(&["x"]))
        .await;
    let refused = CreateError::Claimed {
        claim: route,
        by: first,
    };
    same!(made, Err(refused), "the same resource");
    Ok(())
}

async fn a_refused_rollout_leaves_nothing_behind(store: &dyn Store) -> Outcome {
    let journal = store.open().await;
    let me = holder("a")?;
    let (held, free) = (claim("proxy", "held")?, claim("proxy", "free")?);
    let first = rollout("first")?;
    let made = journal
        .create(&first, &me, TTL, slice::from_ref(&held), batch(&["x"]))
        .await;
    fine!(made, "the first rollout");
    let second = rollout("second")?;
    let both = [free.clone(), held];
    let made = journal
        .create(&second, &me, TTL, &both, batch(&["x"]))
        .await;
    is!(made, Err(CreateError::Claimed { .. }), "the second rollout");
    same!(
        journal.head(&second).await,
        Err(ReadError::NotFound),
        "the refused rollout"
    );
    let made = journal
        .create(&second, &me, TTL, &[free], batch(&["x"]))
        .await;
    fine!(made, "the second rollout with what is free");
    Ok(())
}

async fn claims_end_with_the_rollout(store: &dyn Store) -> Outcome {
    let journal = store.open().await;
    let me = holder("a")?;
    let claims = [claim("proxy", "checkout")?];
    let (one, two) = (rollout("one")?, rollout("two")?);
    let made = journal.create(&one, &me, TTL, &claims, batch(&["x"])).await;
    let (lease, _) = made.map_err(|e| e.to_string())?;
    // Neither a lost nor a released lease frees a resource: the rollout still stands half-way.
    journal.release(&lease).await.map_err(|e| e.to_string())?;
    let made = journal.create(&two, &me, TTL, &claims, batch(&["x"])).await;
    is!(
        made,
        Err(CreateError::Claimed { .. }),
        "while the first is not finished"
    );
    let lease = journal
        .acquire(&one, &me, TTL)
        .await
        .map_err(|e| e.to_string())?;
    fine!(journal.append(&lease, 1, last(&["done"])).await, "finish");
    // One that is finished from the start holds nothing.
    let made = journal.create(&two, &me, TTL, &claims, last(&["x"])).await;
    fine!(made, "after the first is finished");
    let made = journal
        .create(&rollout("three")?, &me, TTL, &claims, batch(&["x"]))
        .await;
    fine!(made, "after one that was finished from the start");
    Ok(())
}
