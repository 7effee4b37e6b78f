//! The numerics below the methods: elementary functions, gamma, beta, normal, root search.
//!
//! Why own ones at all: a verdict must not flip between two platforms' mathematical libraries, and
//! e-processes need the *logarithm* of quantities that underflow. `ln` and `exp` here use only IEEE
//! additions, multiplications, divisions and square roots, so they give the same bits everywhere.
//! `statrs` serves where it is accurate enough and no anytime-valid decision hangs on it: the
//! incomplete gamma function and a first guess of Φ⁻¹. It is not used for the error function (off by
//! 1e-11), for `ln Γ` (its relative error near the zeros at 1 and 2 is above 1e-14, and the difference of
//! three of its values loses 6 digits at a billion samples) nor for the incomplete beta function
//! (whose logarithm is −∞ once the value underflows).

mod beta;
mod edge;
mod elementary;
mod gamma;
mod mills;
mod normal;
mod search;
mod skew;
mod sum;

pub use beta::{BetaTails, beta_quantile, ln_beta_function, ln_beta_tails};
pub(crate) use edge::{ln_above, ln_edges, ln_whole};
pub use elementary::{exp, ln, ln_1p, ln_add_exp, pow};
pub(crate) use gamma::HALF_LN_TWO_PI;
pub use gamma::{deviance, ln_choose, ln_gamma, stirling_error, zeta};
pub use normal::{ln_normal_cdf, normal_cdf, normal_quantile};
pub(crate) use search::{bisect, golden_minimum};
pub(crate) use sum::Sum;
