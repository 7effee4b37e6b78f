//! The functions of the language: their names, what they take and what is known of what they give
//! (`builtin/builtin.go`).

use super::ConditionError;
use super::kind::Kind;

/// One argument of a function that takes predicates.
#[derive(Clone, Copy, Debug)]
pub(super) struct Argument {
    pub(super) predicate: bool,
    pub(super) optional: bool,
}

const PLAIN: Argument = Argument {
    predicate: false,
    optional: false,
};
const PREDICATE: Argument = Argument {
    predicate: true,
    optional: false,
};
const PREDICATE_OPTIONAL: Argument = Argument {
    predicate: true,
    optional: true,
};
const PLAIN_OPTIONAL: Argument = Argument {
    predicate: false,
    optional: true,
};

/// The functions over a list with a predicate.
const LOOPS: [&str; 13] = [
    "all",
    "any",
    "count",
    "filter",
    "find",
    "findIndex",
    "findLast",
    "findLastIndex",
    "map",
    "none",
    "one",
    "reduce",
    "sum",
];

/// The functions without one.
const PLAINS: [&str; 48] = [
    "abs",
    "bitand",
    "bitnand",
    "bitnot",
    "bitor",
    "bitshl",
    "bitshr",
    "bitushr",
    "bitxor",
    "ceil",
    "concat",
    "first",
    "flatten",
    "float",
    "floor",
    "fromJSON",
    "get",
    "hasPrefix",
    "hasSuffix",
    "indexOf",
    "int",
    "join",
    "keys",
    "last",
    "lastIndexOf",
    "len",
    "lower",
    "max",
    "mean",
    "median",
    "min",
    "repeat",
    "replace",
    "reverse",
    "round",
    "sort",
    "split",
    "splitAfter",
    "string",
    "take",
    "toJSON",
    "trim",
    "trimPrefix",
    "trimSuffix",
    "type",
    "uniq",
    "upper",
    "values",
];

/// The arguments of a function over a list with a predicate.
pub(super) fn predicate_arguments(name: &str) -> Option<&'static [Argument]> {
    match name {
        "count" | "sum" => Some(&[PLAIN, PREDICATE_OPTIONAL]),
        "reduce" => Some(&[PLAIN, PREDICATE, PLAIN_OPTIONAL]),
        _ if LOOPS.contains(&name) => Some(&[PLAIN, PREDICATE]),
        _ => None,
    }
}

/// Whether the name is a function of the language without a predicate.
pub(super) fn is_builtin(name: &str) -> bool {
    PLAINS.contains(&name)
}

/// The function of the language of that name.
pub(super) fn builtin(name: &str) -> Option<&'static str> {
    LOOPS.into_iter().chain(PLAINS).find(|known| *known == name)
}

/// What is known of the outcome of a function without predicate, or that the arguments do not fit.
pub(super) fn check(name: &str, arguments: &[Kind]) -> Result<Kind, ConditionError> {
    let kind = match name {
        "abs" | "ceil" | "floor" | "round" | "int" | "float" | "len" | "first" | "last" => {
            on_one(name, arguments)
        }
        "max" | "min" | "mean" | "median" => aggregate(arguments),
        "concat" | "flatten" | "keys" | "reverse" | "sort" | "take" | "uniq" | "values" => {
            on_lists(name, arguments)
        }
        "bitnot" => fits(arguments, &[WHOLE]).then_some(Kind::Integer),
        _ if name.starts_with("bit") => fits(arguments, &[WHOLE, WHOLE]).then_some(Kind::Integer),
        _ => on_texts(name, arguments),
    };
    kind.ok_or(ConditionError::kind("an argument does not fit"))
}

type Fit = fn(&Kind) -> bool;

const ANYTHING: Fit = |_| true;
const TEXT: Fit = |kind| kind.is_unknown() || *kind == Kind::Text;
const WHOLE: Fit = |kind| kind.is_unknown() || kind.is_integer();
const NUMBER: Fit = |kind| kind.is_unknown() || kind.is_number();
const LIST: Fit = |kind| kind.is_unknown() || kind.is_list();
const MAP: Fit = |kind| kind.is_unknown() || *kind == Kind::Map;

fn fits(arguments: &[Kind], wanted: &[Fit]) -> bool {
    let mut pairs = arguments.iter().zip(wanted);
    arguments.len() == wanted.len() && pairs.all(|(kind, fits)| fits(kind))
}

fn on_one(name: &str, arguments: &[Kind]) -> Option<Kind> {
    let [argument] = arguments else { return None };
    let text = *argument == Kind::Text;
    match name {
        "abs" => NUMBER(argument).then(|| argument.clone().erased()),
        "int" => (text || NUMBER(argument)).then_some(Kind::Integer),
        "float" => (text || NUMBER(argument)).then_some(Kind::Float),
        "len" => (text || *argument == Kind::Map || LIST(argument)).then_some(Kind::Integer),
        "first" | "last" => match argument {
            kind if kind.is_unknown() => Some(Kind::Any),
            kind => kind.is_list().then(|| kind.clone().erased().element()),
        },
        _ => NUMBER(argument).then_some(Kind::Float),
    }
}

/// Of a list or of anything nothing is known; of numbers the kind of the first, whatever comes out.
fn aggregate(arguments: &[Kind]) -> Option<Kind> {
    for argument in arguments {
        if LIST(argument) {
            return Some(Kind::Any);
        }
        if !argument.is_number() {
            return None;
        }
    }
    arguments.first().cloned()
}

fn on_lists(name: &str, arguments: &[Kind]) -> Option<Kind> {
    let sortable = |kind: &Kind| LIST(kind) && *kind != Kind::Bytes;
    let takes = match (name, arguments) {
        ("concat", [_, ..]) => arguments.iter().all(LIST),
        ("keys" | "values", _) => fits(arguments, &[MAP]),
        ("sort", [list]) => sortable(list),
        ("sort", [list, order]) => sortable(list) && TEXT(order),
        ("take", [list, count]) => {
            let fits = LIST(list) && WHOLE(count) && *count != Kind::Byte;
            return fits.then(|| list.clone().erased());
        }
        _ => fits(arguments, &[LIST]),
    };
    takes.then(Kind::list)
}

fn on_texts(name: &str, arguments: &[Kind]) -> Option<Kind> {
    let one_of = |wanted: &[&[Fit]]| wanted.iter().any(|wanted| fits(arguments, wanted));
    let (takes, gives) = match name {
        "fromJSON" => (one_of(&[&[TEXT]]), Kind::Any),
        "hasPrefix" | "hasSuffix" => (one_of(&[&[TEXT, TEXT]]), Kind::Bool),
        "indexOf" | "lastIndexOf" => (one_of(&[&[TEXT, TEXT]]), Kind::Integer),
        "join" => {
            let parts: Fit =
                |kind| kind.is_unknown() || matches!(kind, Kind::List(_) | Kind::Texts);
            (one_of(&[&[parts], &[parts, TEXT]]), Kind::Text)
        }
        "lower" | "upper" => (one_of(&[&[TEXT]]), Kind::Text),
        "repeat" => (one_of(&[&[TEXT, WHOLE]]), Kind::Text),
        "replace" => {
            let takes = one_of(&[&[TEXT, TEXT, TEXT], &[TEXT, TEXT, TEXT, WHOLE]]);
            (takes, Kind::Text)
        }
        "split" | "splitAfter" => (one_of(&[&[TEXT, TEXT], &[TEXT, TEXT, WHOLE]]), Kind::Texts),
        "string" | "toJSON" | "type" => (one_of(&[&[ANYTHING]]), Kind::Text),
        "trim" | "trimPrefix" | "trimSuffix" => (one_of(&[&[TEXT], &[TEXT, TEXT]]), Kind::Text),
        _ => return None,
    };
    takes.then_some(gives)
}
