//! Words and choices: enums that are written as one word, or as one key with something under it.

/// Defines an enum of plain words.
macro_rules! words {
    (
        $(#[doc = $doc:literal])+
        pub enum $name:ident {
            $($(#[doc = $vdoc:literal])+ $variant:ident = $word:literal,)*
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[doc = $vdoc])+ $variant,)*
        }

        impl $name {
            /// Every one of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word that stands for it in a document.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl $name {
            fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().find(|one| one.as_str() == word).copied()
            }
        }

        $crate::form::word_given!($name, $($variant)*);

        impl $crate::form::Form for $name {
            fn example() -> Option<&'static str> {
                let words: &[&'static str] = &[$($word),*];
                match words {
                    [one] => Some(*one),
                    _ => None,
                }
            }

            fn read(
                node: &$crate::document::Node,
                cx: &mut $crate::form::Lowering<'_>,
            ) -> Option<Self> {
                let text = cx.text(node, concat!("one of the words of ", stringify!($name)))?;
                let found = Self::from_word(text);
                if found.is_none() {
                    $crate::form::words::unknown(cx, node, text, &[$($word),*]);
                }
                found
            }

            fn write(&self) -> $crate::value::Value {
                $crate::value::Value::text(self.as_str())
            }

            fn schema(schema: &mut $crate::form::Schema) -> $crate::value::Value {
                schema.define(stringify!($name), |_| {
                    $crate::form::schema::words(concat!($($doc,)+), &[$(($word, concat!($($vdoc,)+))),*])
                })
            }
        }
    };
}

/// Builders take the words of these too. What is no word of them stands for the first one until it is told.
macro_rules! word_given {
    ($name:ident, $first:ident $($rest:ident)*) => {
        impl $crate::model::Given<$name> for &str {
            fn given(self) -> $crate::model::Part<$name> {
                match $name::from_word(self) {
                    Some(found) => found.given(),
                    None => $crate::model::Part::unread(self, $name::$first),
                }
            }
        }

        impl $crate::model::Given<$name> for String {
            fn given(self) -> $crate::model::Part<$name> {
                self.as_str().given()
            }
        }
    };
}

/// Defines an enum of which some variants are words and some are a key with a value:
/// `unit Name = "word"` and `with Name(Type) = "key", name`, where `name` makes one from a value or its
/// text. The first is a word.
macro_rules! choice {
    (
        $(#[doc = $doc:literal])+
        pub enum $name:ident {
            $($(#[doc = $vdoc:literal])+ $mode:ident $variant:ident $(($ty:ty) as $make:ident)? = $word:literal,)*
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, Eq, PartialEq)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[doc = $vdoc])+ $variant $(($ty))?,)*
        }

        impl $name {
            $($crate::form::choice_make!($mode $variant $(($ty) $make)? $word, $($vdoc)+);)*

            fn from_word(word: &str) -> Option<Self> {
                $($crate::form::choice_read!(@text $mode $variant $word, word);)*
                None
            }
        }

        $crate::form::word_given!($name, $($variant)*);

        impl $crate::form::Form for $name {
            fn read(
                node: &$crate::document::Node,
                cx: &mut $crate::form::Lowering<'_>,
            ) -> Option<Self> {
                let words: &[&str] = &[$($word),*];
                if let $crate::document::Kind::Map(map) = node.kind {
                    let [entry] = cx.source().entries(map) else {
                        $crate::form::words::not_one(cx, node, words);
                        return None;
                    };
                    $($crate::form::choice_read!(@map $mode $variant $(($ty))? $word, entry, cx);)*
                    $crate::form::words::unknown_key(cx, entry, words);
                    return None;
                }
                let text = cx.text(node, concat!("one of the choices of ", stringify!($name)))?;
                let found = Self::from_word(text);
                if found.is_none() {
                    $crate::form::words::unknown(cx, node, text, words);
                }
                found
            }

            fn write(&self) -> $crate::value::Value {
                $($crate::form::choice_write!($mode $variant $word, self);)*
                $crate::value::Value::Null
            }

            fn schema(schema: &mut $crate::form::Schema) -> $crate::value::Value {
                schema.define(stringify!($name), |schema| {
                    let mut choices = Vec::new();
                    $($crate::form::choice_schema!(
                        $mode $(($ty))? $word, concat!($($vdoc,)+), schema, choices
                    );)*
                    $crate::form::schema::one_of(concat!($($doc,)+), choices)
                })
            }
        }
    };
}

macro_rules! choice_make {
    (unit $variant:ident $word:literal, $($doc:literal)+) => {};
    (with $variant:ident ($ty:ty) $make:ident $word:literal, $($doc:literal)+) => {
        $(#[doc = $doc])+
        ///
        /// For builders: of a value, or of the text of one.
        pub fn $make(of: impl $crate::model::Given<$ty>) -> $crate::model::Part<Self> {
            of.given().under($word, Self::$variant)
        }
    };
}

macro_rules! choice_read {
    (@map unit $variant:ident $word:literal, $entry:ident, $cx:ident) => {};
    (@map with $variant:ident ($ty:ty) $word:literal, $entry:ident, $cx:ident) => {
        if $cx.key($entry) == $word {
            return $cx
                .under($word, |cx| {
                    <$ty as $crate::form::Form>::read(&$entry.value, cx)
                })
                .map(Self::$variant);
        }
    };
    (@text unit $variant:ident $word:literal, $text:ident) => {
        if $text == $word {
            return Some(Self::$variant);
        }
    };
    (@text with $variant:ident $word:literal, $text:ident) => {};
}

macro_rules! choice_write {
    (unit $variant:ident $word:literal, $self:ident) => {
        if matches!($self, Self::$variant) {
            return $crate::value::Value::text($word);
        }
    };
    (with $variant:ident $word:literal, $self:ident) => {
        if let Self::$variant(inner) = $self {
            return $crate::value::Value::map([($word, $crate::form::Form::write(inner))]);
        }
    };
}

macro_rules! choice_schema {
    (unit $word:literal, $doc:expr, $schema:ident, $choices:ident) => {
        $choices.push($crate::form::schema::word($word, $doc));
    };
    (with ($ty:ty) $word:literal, $doc:expr, $schema:ident, $choices:ident) => {
        let inner = <$ty as $crate::form::Form>::schema($schema);
        $choices.push($crate::form::schema::keyed($word, inner, $doc));
    };
}

pub(crate) use {choice, choice_make, choice_read, choice_schema, choice_write, word_given, words};

use super::{Lowering, closest};
use crate::document::{Entry, Node};
use crate::fault::Code;

/// A word that is none of the choices.
pub(crate) fn unknown(cx: &mut Lowering<'_>, node: &Node, text: &str, words: &[&str]) {
    let shown: String = text.chars().take(80).collect();
    if words.iter().any(|word| word.starts_with("phasegate-")) {
        let read = words.join(", ");
        let message = format!("this version reads {read}, and the document says '{shown}'");
        let help = format!("write 'format: {read}', or read it with a later version");
        cx.report(Code::UnknownFormat, node.at, message, Some(help));
        return;
    }
    let message = format!("'{shown}' is no choice here");
    cx.report(
        Code::UnknownChoice,
        node.at,
        message,
        Some(hint(text, words)),
    );
}

/// A key that is none of the choices.
pub(crate) fn unknown_key(cx: &mut Lowering<'_>, entry: &Entry, words: &[&str]) {
    let key = cx.key(entry);
    let message = format!("'{key}' is no choice here");
    let help = hint(key, words);
    cx.report(Code::UnknownChoice, entry.key_at, message, Some(help));
}

/// A map that should have one key.
pub(crate) fn not_one(cx: &mut Lowering<'_>, node: &Node, words: &[&str]) {
    let message = "a word or a single key is wanted here";
    let help = format!("write one of {}", words.join(", "));
    cx.report(Code::WrongShape, node.at, message, Some(help));
}

fn hint(text: &str, words: &[&str]) -> String {
    closest(text, words.iter().copied()).map_or_else(
        || format!("write one of {}", words.join(", ")),
        |near| format!("did you mean '{near}'?"),
    )
}
