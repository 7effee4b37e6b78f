//! Leases and fencing.

use phasegate_core::Span;

use super::make::{TTL, batch, created, holder, last, rollout};
use super::{Outcome, Store, fine, is, listed, same};
use crate::lease::LEASE_TTL_MAX;
use crate::{AppendError, Lease, LeaseError};

listed! {
    a_live_lease_keeps_others_out,
    an_expired_lease_passes_on_and_fences_its_old_holder,
    an_expired_lease_that_nobody_took_still_writes,
    a_renewed_lease_lives_on,
    a_released_lease_is_free_at_once,
    the_same_holder_need_not_wait,
    tokens_grow_over_all_rollouts,
    a_lease_for_ever_is_cut_to_a_day,
    a_forged_token_does_not_write,
    a_finished_rollout_takes_nothing_more,
    an_unknown_rollout_has_no_lease,
}

fn fenced(current: u64) -> LeaseError {
    LeaseError::Fenced { current }
}

async fn a_live_lease_keeps_others_out(store: &dyn Store) -> Outcome {
    let (one, two) = (store.open().await, store.open().await);
    let (lease, _) = created(&*one, "kept").await?;
    store.pass(Span::from_secs(10)).await;
    let refused = two.acquire(&lease.rollout, &holder("b")?, TTL).await;
    let Err(LeaseError::HeldBy {
        holder: by,
        remaining,
    }) = refused
    else {
        return Err(format!(
            "acquire by another: found {refused:?}, expected HeldBy"
        ));
    };
    same!(by, lease.holder, "the holder that is named");
    is!(remaining, left if !left.is_zero() && *left <= Span::from_secs(20), "time left");
    fine!(
        one.append(&lease, 1, batch(&["b"])).await,
        "append by the holder"
    );
    Ok(())
}

async fn an_expired_lease_passes_on_and_fences_its_old_holder(store: &dyn Store) -> Outcome {
    let (one, two) = (store.open().await, store.open().await);
    let (old, _) = created(&*one, "expired").await?;
    store.pass(TTL).await;
    let taken = two.acquire(&old.rollout, &holder("b")?, TTL).await;
    let new = taken.map_err(|e| format!("acquire after expiry: {e}"))?;
    is!(new.token, token if *token > old.token, "new token after {}", old.token);
    let current = new.token;
    let append = one.append(&old, 1, batch(&["late"])).await;
    same!(
        append,
        Err(AppendError::Fenced { current }),
        "append by the old holder"
    );
    same!(
        one.renew(&old, TTL).await,
        Err(fenced(current)),
        "renew by the old holder"
    );
    same!(
        one.release(&old).await,
        Err(fenced(current)),
        "release by the old holder"
    );
    fine!(
        two.append(&new, 1, batch(&["b"])).await,
        "append by the new holder"
    );
    // Time does not bring an old token back.
    store.pass(TTL).await;
    let append = one.append(&old, 2, batch(&["late"])).await;
    same!(
        append,
        Err(AppendError::Fenced { current }),
        "append after both expired"
    );
    Ok(())
}

async fn an_expired_lease_that_nobody_took_still_writes(store: &dyn Store) -> Outcome {
    let journal = store.open().await;
    let (lease, _) = created(&*journal, "late").await?;
    store.pass(TTL.saturating_mul(2)).await;
    let holder_seen = journal
        .rollouts()
        .await
        .map(|all| all.first().and_then(|r| r.holder.clone()));
    same!(holder_seen, Ok(None), "holder after expiry");
    fine!(journal.append(&lease, 1, batch(&["b"])).await, "append");
    let renewed = journal
        .renew(&lease, TTL)
        .await
        .map_err(|e| format!("renew: {e}"))?;
    same!(renewed.token, lease.token, "token after renew");
    let refused = journal.acquire(&lease.rollout, &holder("b")?, TTL).await;
    is!(
        refused,
        Err(LeaseError::HeldBy { .. }),
        "acquire after renew"
    );
    Ok(())
}

async fn a_renewed_lease_lives_on(store: &dyn Store) -> Outcome {
    let journal = store.open().await;
    let (lease, _) = created(&*journal, "renewed").await?;
    for _ in 0..3 {
        store.pass(Span::from_secs(20)).await;
        let renewed = journal
            .renew(&lease, TTL)
            .await
            .map_err(|e| format!("renew: {e}"))?;
        is!(renewed.expires_in, left if !left.is_zero() && *left <= TTL, "time left");
    }
    store.pass(Span::from_secs(20)).await;
    let refused = journal.acquire(&lease.rollout, &holder("b")?, TTL).await;
    is!(
        refused,
        Err(LeaseError::HeldBy { .. }),
        "acquire 20 s after the last renewal"
    );
    store.pass(Span::from_secs(10)).await;
    let taken = journal.acquire(&lease.rollout, &holder("b")?, TTL).await;
    fine!(taken, "acquire 30 s after the last renewal");
    Ok(())
}

async fn a_released_lease_is_free_at_once(store: &dyn Store) -> Outcome {
    let journal = store.open().await;
    let (lease, _) = created(&*journal, "released").await?;
    same!(journal.release(&lease).await, Ok(()), "release");
    let current = lease.token;
    let append = journal.append(&lease, 1, batch(&["late"])).await;
    same!(
        append,
        Err(AppendError::Fenced { current }),
        "append after release"
    );
    same!(
        journal.renew(&lease, TTL).await,
        Err(fenced(current)),
        "renew after release"
    );
    same!(
        journal.release(&lease).await,
        Err(fenced(current)),
        "release after release"
    );
    let taken = journal.acquire(&lease.rollout, &holder("b")?, TTL).await;
    let taken = taken.map_err(|e| format!("acquire after release: {e}"))?;
    is!(taken.token, token if *token > current, "token after {current}");
    Ok(())
}

async fn the_same_holder_need_not_wait(store: &dyn Store) -> Outcome {
    let journal = store.open().await;
    let (old, _) = created(&*journal, "again").await?;
    let new = journal.acquire(&old.rollout, &old.holder, TTL).await;
    let new = new.map_err(|e| format!("acquire by the same holder: {e}"))?;
    is!(new.token, token if *token > old.token, "token after {}", old.token);
    let late = journal.append(&old, 1, batch(&["late"])).await;
    same!(
        late,
        Err(AppendError::Fenced { current: new.token }),
        "append with the old token"
    );
    Ok(())
}

async fn tokens_grow_over_all_rollouts(store: &dyn Store) -> Outcome {
    let (one, two) = (store.open().await, store.open().await);
    let (a, _) = created(&*one, "a").await?;
    let (b, _) = created(&*two, "b").await?;
    let a_again = two
        .acquire(&a.rollout, &a.holder, TTL)
        .await
        .map_err(|e| e.to_string())?;
    let b_again = one
        .acquire(&b.rollout, &b.holder, TTL)
        .await
        .map_err(|e| e.to_string())?;
    let tokens = [a.token, b.token, a_again.token, b_again.token];
    let grow = tokens.is_sorted_by(|before, after| before < after);
    same!(grow, true, "tokens {tokens:?} grow");
    Ok(())
}

async fn a_lease_for_ever_is_cut_to_a_day(store: &dyn Store) -> Outcome {
    let journal = store.open().await;
    let (lease, _) = created(&*journal, "long").await?;
    let long = journal
        .renew(&lease, Span::MAX)
        .await
        .map_err(|e| e.to_string())?;
    is!(long.expires_in, left if *left <= LEASE_TTL_MAX, "time left after renew");
    let long = journal
        .acquire(&lease.rollout, &lease.holder, Span::MAX)
        .await;
    let long = long.map_err(|e| e.to_string())?;
    is!(long.expires_in, left if *left <= LEASE_TTL_MAX, "time left after acquire");
    // And a lease for no time is free at once.
    let none = journal
        .renew(&long, Span::ZERO)
        .await
        .map_err(|e| e.to_string())?;
    same!(
        none.expires_in,
        Span::ZERO,
        "time left of a lease for no time"
    );
    let taken = journal.acquire(&lease.rollout, &holder("b")?, TTL).await;
    fine!(taken, "acquire by another");
    Ok(())
}

async fn a_forged_token_does_not_write(store: &dyn Store) -> Outcome {
    let journal = store.open().await;
    let (lease, head) = created(&*journal, "forged").await?;
    let current = lease.token;
    for token in [0, current.saturating_add(1), u64::MAX] {
        let forged = Lease {
            token,
            ..lease.clone()
        };
        let append = journal.append(&forged, 1, batch(&["x"])).await;
        same!(
            append,
            Err(AppendError::Fenced { current }),
            "append with {token}"
        );
        same!(
            journal.renew(&forged, TTL).await,
            Err(fenced(current)),
            "renew with {token}"
        );
        same!(
            journal.release(&forged).await,
            Err(fenced(current)),
            "release with {token}"
        );
    }
    same!(journal.head(&lease.rollout).await, Ok(head), "head");
    Ok(())
}

async fn a_finished_rollout_takes_nothing_more(store: &dyn Store) -> Outcome {
    let journal = store.open().await;
    let (lease, _) = created(&*journal, "done").await?;
    let head = journal.append(&lease, 1, last(&["done"])).await;
    let head = head.map_err(|e| e.to_string())?;
    let append = journal.append(&lease, 2, batch(&["more"])).await;
    same!(append, Err(AppendError::Finished), "append");
    same!(
        journal.renew(&lease, TTL).await,
        Err(LeaseError::Finished),
        "renew"
    );
    same!(
        journal.release(&lease).await,
        Err(LeaseError::Finished),
        "release"
    );
    let acquire = journal.acquire(&lease.rollout, &lease.holder, TTL).await;
    same!(acquire, Err(LeaseError::Finished), "acquire");
    same!(journal.head(&lease.rollout).await, Ok(head), "head");
    Ok(())
}

async fn an_unknown_rollout_has_no_lease(store: &dyn Store) -> Outcome {
    let journal = store.open().await;
    let lease = Lease {
        rollout: rollout("nobody")?,
        holder: holder("a")?,
        token: 1,
        expires_in: TTL,
    };
    let acquire = journal.acquire(&lease.rollout, &lease.holder, TTL).await;
    same!(acquire, Err(LeaseError::NotFound), "acquire");
    same!(
        journal.renew(&lease, TTL).await,
        Err(LeaseError::NotFound),
        "renew"
    );
    same!(
        journal.release(&lease).await,
        Err(LeaseError::NotFound),
        "release"
    );
    let append = journal.append(&lease, 0, batch(&["x"])).await;
    same!(append, Err(AppendError::NotFound), "append");
    Ok(())
}
