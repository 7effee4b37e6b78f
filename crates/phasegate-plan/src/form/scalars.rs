//! The scalars of the model: ids, lengths of time, ratios, numbers, moments, criteria, plain text.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use phasegate_core::{
    BindingId, Capability, ChannelId, CriterionId, Decimal, GateId, KpiId, PersonId, PhaseId,
    PlanId, Ratio, Role, RoleId, Span, StepId, TargetId, Timestamp, TriggerId,
};

use phasegate_criterion::{
    Baseline, Condition, Criterion, Deadline, Fact, Name, Policy, Statement, Target,
};

use super::schema::{self, Schema};
use super::words::unknown;
use super::{Form, Lowering};
use crate::document::Node;
use crate::fault::Code;
use crate::value::Value;

macro_rules! texts {
    ($($ty:ty, $wanted:literal, $code:ident, $pattern:expr;)*) => {$(
        impl Form for $ty {
            fn read(node: &Node, cx: &mut Lowering<'_>) -> Option<Self> {
                cx.parsed(node, $wanted, Code::$code)
            }
            fn write(&self) -> Value {
                Value::text(self.to_string())
            }
            fn is_name() -> bool {
                $pattern == ID
            }
            fn stand_in(number: usize) -> Option<Self> {
                let id = Self::is_name().then(|| super::unread::stand_in(number))?;
                id.parse().ok()
            }
            fn schema(_: &mut Schema) -> Value {
                schema::text($wanted, $pattern)
            }
        }
    )*};
}

macro_rules! expressions {
    ($($ty:ty, $comparisons:ident, $stands_in:literal, $wanted:literal;)*) => {$(
        impl Form for $ty {
            fn read(node: &Node, cx: &mut Lowering<'_>) -> Option<Self> {
                let text = cx.text(node, $wanted)?;
                match text.parse::<Self>() {
                    Ok(read) => cx.may_keep($comparisons(&read), node.at).then_some(read),
                    Err(error) => {
                        let at = cx.within(node, error.at.clone());
                        let message = format!("expected {}, found {}", error.expected, error.found);
                        let help = "such as 'p95(latency) < 200ms for 5m'; a text with '#' or ': ' goes in quotes";
                        cx.report(Code::InvalidCriterion, at, message, Some(help.to_owned()));
                        None
                    }
                }
            }
            fn write(&self) -> Value {
                Value::text(self.to_string())
            }
            fn stand_in(number: usize) -> Option<Self> {
                // It is about a KPI that nobody has declared: what stands beside it is looked at all the same.
                let text = $stands_in.then(|| format!("{} stable", super::unread::stand_in(number)));
                text?.parse().ok()
            }
            fn schema(_: &mut Schema) -> Value {
                schema::types(&["string", "number"])
            }
        }
    )*};
}

expressions! {
    Criterion, of_criterion, true, "a criterion such as p95(latency) < 200ms for 5m";
    Statement, of_statement, false, "a criterion, a fact such as 'baseline latency = ~180ms', or a policy";
    Policy, one, false, "a policy such as usage(cpu) target 70% up > 80% by 2";
    Fact, one, false, "a fact such as baseline latency = ~180ms";
    Baseline, one, false, "a baseline such as ~180ms, 30m..40m, control, previous or unknown";
    Target, one, false, "a target such as < 200ms or >= 95%";
}

/// How many comparisons are kept of what is none itself.
fn one<T>(_: &T) -> usize {
    1
}

fn of_criterion(criterion: &Criterion) -> usize {
    of_condition(&criterion.condition)
}

fn of_statement(statement: &Statement) -> usize {
    match statement {
        Statement::Criterion(criterion) => of_criterion(criterion),
        Statement::Fact(_) | Statement::Policy(_) => 1,
    }
}

fn of_condition(condition: &Condition) -> usize {
    condition.parts().map(of_condition).sum::<usize>().max(1)
}

const ID: Option<&str> = Some("^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$");
const SPAN: Option<&str> = Some("^(0|([0-9]+(\\.[0-9]+)?(w|d|h|m|s|ms|us|ns))+)$");
const MOMENT: Option<&str> = Some("^[0-9]{4}-[0-9]{2}-[0-9]{2}T");

texts! {
    BindingId, "the id of a binding", InvalidId, ID;
    ChannelId, "the id of a channel", InvalidId, ID;
    CriterionId, "the id of a criterion", InvalidId, ID;
    GateId, "the id of a gate", InvalidId, ID;
    KpiId, "the id of a KPI", InvalidId, ID;
    PersonId, "the id of a person", InvalidId, ID;
    PhaseId, "the id of a phase", InvalidId, ID;
    PlanId, "the id of a plan", InvalidId, ID;
    RoleId, "the id of a role", InvalidId, ID;
    StepId, "the id of a step", InvalidId, ID;
    TargetId, "the id of what is moved", InvalidId, ID;
    TriggerId, "the id of a trigger", InvalidId, ID;
    Span, "a length of time such as 90s or 1h30m", InvalidSpan, SPAN;
    Timestamp, "a moment such as 2026-09-16T12:00:00Z", InvalidMoment, MOMENT;
    Name, "a name that criteria can use", InvalidId, ID;
    Deadline, "a deadline such as 3mo or 2025-12-31", InvalidMoment, None;
}

impl Form for Ratio {
    fn read(node: &Node, cx: &mut Lowering<'_>) -> Option<Self> {
        cx.parsed(node, "a ratio such as 25% or 0.25", Code::InvalidRatio)
    }
    fn write(&self) -> Value {
        Value::text(self.to_string())
    }
    fn schema(_: &mut Schema) -> Value {
        let ratio = "a ratio such as 25% or 0.25";
        schema::either("number", ratio, "^[+]?[0-9]+([.][0-9]+)?[ ]*%?$")
    }
}

impl Form for Decimal {
    fn read(node: &Node, cx: &mut Lowering<'_>) -> Option<Self> {
        cx.parsed(node, "a number", Code::InvalidNumber)
    }
    fn write(&self) -> Value {
        Value::Number(*self)
    }
    fn schema(_: &mut Schema) -> Value {
        schema::types(&["number", "string"])
    }
}

macro_rules! counts {
    ($($ty:ty),*) => {$(
        impl Form for $ty {
            fn read(node: &Node, cx: &mut Lowering<'_>) -> Option<Self> {
                let text = cx.text(node, "a whole number")?;
                match text.parse() {
                    Ok(number) => Some(number),
                    Err(_) => {
                        let message = format!("a whole number from {} to {} is wanted", <$ty>::MIN, <$ty>::MAX);
                        let help = "write digits only, without a unit".to_owned();
                        cx.report(Code::InvalidNumber, node.at, message, Some(help));
                        None
                    }
                }
            }
            fn write(&self) -> Value {
                Value::Number(Decimal::from(*self))
            }
            fn schema(_: &mut Schema) -> Value {
                Value::map([("type", Value::text("integer")), ("minimum", Value::Number(Decimal::ZERO))])
            }
        }
    )*};
}

counts!(u32, u64);

impl Form for bool {
    fn read(node: &Node, cx: &mut Lowering<'_>) -> Option<Self> {
        match cx.text(node, "true or false")? {
            "true" => Some(true),
            "false" => Some(false),
            text => {
                let yes = ["yes", "y", "on"]
                    .iter()
                    .any(|word| text.eq_ignore_ascii_case(word));
                let no = ["no", "n", "off"]
                    .iter()
                    .any(|word| text.eq_ignore_ascii_case(word));
                let word = if yes || no {
                    format!("'{yes}'")
                } else {
                    "'true' or 'false'".to_owned()
                };
                let help = Some(format!("write {word}"));
                let message = "true or false is wanted here";
                cx.report(Code::InvalidTruth, node.at, message, help);
                None
            }
        }
    }
    fn write(&self) -> Value {
        Value::Bool(*self)
    }
    fn schema(_: &mut Schema) -> Value {
        Value::map([("type", Value::text("boolean"))])
    }
}

impl Form for String {
    fn read(node: &Node, cx: &mut Lowering<'_>) -> Option<Self> {
        cx.text(node, "text").map(str::to_owned)
    }
    fn write(&self) -> Value {
        Value::text(self.clone())
    }
    fn is_blank(&self) -> bool {
        self.trim().is_empty()
    }
    fn stand_in(_: usize) -> Option<Self> {
        Some(Self::new())
    }
    fn schema(_: &mut Schema) -> Value {
        // Numbers and truth values are read as they are written.
        schema::types(&["string", "number", "boolean"])
    }
}

impl Form for Value {
    fn read(node: &Node, cx: &mut Lowering<'_>) -> Option<Self> {
        Some(node.to_value(cx.source()))
    }
    fn write(&self) -> Value {
        self.clone()
    }
    fn schema(_: &mut Schema) -> Value {
        Value::Map(Vec::new())
    }
}

impl<T: Form> Form for Vec<T> {
    fn read(node: &Node, cx: &mut Lowering<'_>) -> Option<Self> {
        cx.items(node)
    }
    fn write(&self) -> Value {
        Value::List(self.iter().map(Form::write).collect())
    }
    fn schema(schema: &mut Schema) -> Value {
        schema::list(T::schema(schema))
    }
}

impl<K, V> Form for BTreeMap<K, V>
where
    K: FromStr + Ord + Display,
    K::Err: Display,
    V: Form,
{
    fn read(node: &Node, cx: &mut Lowering<'_>) -> Option<Self> {
        let entries = cx.free_entries(node, "a map")?;
        let mut out = Self::new();
        for entry in entries {
            let value = cx.under(cx.key(entry), |cx| {
                let value = V::read(&entry.value, cx);
                if value.is_none() {
                    cx.drop_here();
                }
                value
            });
            match (cx.key(entry).parse(), value) {
                (Ok(key), Some(value)) => {
                    out.insert(key, value);
                }
                (Ok(_), None) => {}
                (Err(error), _) => {
                    cx.lose_a_name();
                    let help = "write another name for this key".to_owned();
                    cx.report(
                        Code::InvalidId,
                        entry.key_at,
                        format!("{error}"),
                        Some(help),
                    );
                }
            }
        }
        Some(out)
    }
    fn write(&self) -> Value {
        Value::Map(
            self.iter()
                .map(|(key, value)| (key.to_string(), value.write()))
                .collect(),
        )
    }
    fn schema(schema: &mut Schema) -> Value {
        let inner = V::schema(schema);
        Value::map([
            ("type", Value::text("object")),
            ("additionalProperties", inner),
        ])
    }
}

macro_rules! core_words {
    ($($ty:ty { $($variant:ident = $word:literal,)* })*) => {$(
        impl Form for $ty {
            fn read(node: &Node, cx: &mut Lowering<'_>) -> Option<Self> {
                match cx.text(node, "a word")? {
                    $($word => Some(Self::$variant),)*
                    text => {
                        unknown(cx, node, text, &[$($word),*]);
                        None
                    }
                }
            }
            fn write(&self) -> Value {
                match self {
                    $(Self::$variant => Value::text($word),)*
                    // The type is core's and may grow: what is not listed above cannot have been read.
                    _ => Value::Null,
                }
            }
            fn schema(_: &mut Schema) -> Value {
                schema::words(concat!("A ", stringify!($ty), "."), &[$(($word, "")),*])
            }
        }
    )*};
}

core_words! {
    Role {
        ApprovalSource = "approval-source",
        CommandRunner = "command-runner",
        Comparer = "comparer",
        EventSource = "event-source",
        FaultInjector = "fault-injector",
        FlagStore = "flag-store",
        HealthProbe = "health-probe",
        MetricSource = "metric-source",
        Notifier = "notifier",
        Scaler = "scaler",
        TrafficRouter = "traffic-router",
        WorkflowHost = "workflow-host",
    }
    Capability {
        Conditional = "conditional",
        IdempotencyKey = "idempotency-key",
        MeasureBelow = "measure-below",
        MeasureDistribution = "measure-distribution",
        MeasurePerArm = "measure-per-arm",
        MeasureScalar = "measure-scalar",
        MeasureShare = "measure-share",
        Mirror = "mirror",
        ReadBack = "read-back",
        Weights = "weights",
    }
}
