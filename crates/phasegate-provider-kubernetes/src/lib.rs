#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod access;
mod api;
mod config;
mod following;
mod route;
mod router;
mod scaler;
mod tls;

pub use access::{KubernetesAccess, KubernetesError};
pub use config::{KubernetesConfig, KubernetesConfigError, RouteConfig, ScaledConfig};
pub use router::KubernetesRouter;
pub use scaler::KubernetesScaler;
