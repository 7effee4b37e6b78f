//! The arguments.

use phasegate::core::{Ratio, Span, Timestamp};

/// How it is called.
pub(super) const USAGE: &str = "usage: backtest [PLAN RECORDING [--compare PLAN2] [--without-confidence] \
[--bad-from MOMENT|LENGTH]\n    [--canary-share SHARE] [--users NUMBER] [--column NAME=SERIES]... \
[--parameter NAME=VALUE]...\n    [--json FILE] [--good RECORDING --what-if PHASE=SHARE:BAKE,SHARE:BAKE...]...]";

/// What is to be done.
pub(super) enum Asked {
    Demonstration,
    Help,
    Own(Box<Own>),
}

/// A plan and a recording of somebody's own.
#[derive(Default)]
pub(super) struct Own {
    pub(super) plan: String,
    pub(super) recording: String,
    pub(super) compare: Option<String>,
    pub(super) without_confidence: bool,
    pub(super) bad_from: Option<BadFrom>,
    pub(super) canary_share: Option<Ratio>,
    pub(super) users: u64,
    /// Names that columns are to have, and what they are called.
    pub(super) columns: Vec<(String, String)>,
    pub(super) parameters: Vec<(String, String)>,
    pub(super) good: Option<String>,
    /// Where all of it is written as JSON.
    pub(super) json: Option<String>,
    /// Phases, each with another ramp.
    pub(super) ramps: Vec<(String, Vec<(Ratio, Span)>)>,
}

/// From when on the new version was bad.
#[derive(Clone, Copy)]
pub(super) enum BadFrom {
    After(Span),
    At(Timestamp),
}

impl Asked {
    pub(super) fn read(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut own = Own::default();
        let mut files = Vec::new();
        let mut any = false;
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            any = true;
            let mut value = || {
                let next = arguments.next();
                next.ok_or_else(|| format!("{argument} needs something behind it"))
            };
            match argument.as_str() {
                "--help" | "-h" => return Ok(Self::Help),
                "--compare" => own.compare = Some(value()?),
                "--without-confidence" => own.without_confidence = true,
                "--bad-from" => own.bad_from = Some(bad_from(&value()?)?),
                "--canary-share" => {
                    let share: Ratio = read(&value()?, "a share such as 50%")?;
                    if share == Ratio::ZERO {
                        return Err("--canary-share: nobody would have met it at 0%".to_owned());
                    }
                    own.canary_share = Some(share);
                }
                "--users" => own.users = read(&value()?, "a number of users")?,
                "--column" => own.columns.push(pair(&value()?, "NAME=SERIES")?),
                "--parameter" => own.parameters.push(pair(&value()?, "NAME=VALUE")?),
                "--good" => own.good = Some(value()?),
                "--json" => own.json = Some(value()?),
                "--what-if" => own.ramps.push(ramp(&value()?)?),
                option if option.starts_with('-') => {
                    return Err(format!("there is no option {option}"));
                }
                _ => files.push(argument),
            }
        }
        if !any {
            return Ok(Self::Demonstration);
        }
        let [plan, recording]: [String; 2] = files
            .try_into()
            .map_err(|files: Vec<String>| format!("one plan and one recording, not {files:?}"))?;
        if own.ramps.is_empty() != own.good.is_none() {
            let why = "--what-if needs --good, the recording of a good version, and --good is for it alone";
            return Err(why.to_owned());
        }
        if !own.ramps.is_empty() && own.bad_from.is_none() {
            return Err(
                "--what-if needs --bad-from: ramps are compared by how they meet a fault"
                    .to_owned(),
            );
        }
        (own.plan, own.recording) = (plan, recording);
        Ok(Self::Own(Box::new(own)))
    }
}

fn read<T: std::str::FromStr>(text: &str, what: &str) -> Result<T, String> {
    let read = text.parse();
    read.map_err(|_| format!("'{text}' is not {what}"))
}

fn bad_from(text: &str) -> Result<BadFrom, String> {
    let length = text.parse().map(BadFrom::After);
    length.or_else(|_| {
        let what =
            "a moment such as 2026-09-07T10:00:00Z, or a length such as 2h after the beginning";
        read(text, what).map(BadFrom::At)
    })
}

fn pair(text: &str, what: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=');
    let (name, value) = pair.ok_or_else(|| format!("'{text}' is not {what}"))?;
    Ok((name.to_owned(), value.to_owned()))
}

/// `canary=5%:4h,50%:2h`.
fn ramp(text: &str) -> Result<(String, Vec<(Ratio, Span)>), String> {
    let what = "PHASE=SHARE:BAKE,SHARE:BAKE, as canary=5%:4h,50%:2h";
    let (phase, rungs) = pair(text, what)?;
    let rung = |rung: &str| {
        let (share, bake) = rung
            .split_once(':')
            .ok_or_else(|| format!("'{text}' is not {what}"))?;
        Ok((
            read(share, "a share such as 5%")?,
            read(bake, "a length such as 4h")?,
        ))
    };
    let rungs: Result<Vec<_>, String> = rungs.split(',').map(rung).collect();
    Ok((phase, rungs?))
}
