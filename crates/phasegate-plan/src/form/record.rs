//! Records: structs whose fields are the keys of a map. One definition gives the struct, a
//! constructor for what must be there, a setter for each other field, and the three ways of a form.
//!
//! Modes of a field: `need` must be there, `may` may be there, `list` is a list that may be empty,
//! `or` has a default that changes nothing, `flat` is a choice whose key stands among the others.

/// Defines a record. `short x` lets the bare value of field `x` stand for the whole.
macro_rules! record {
    (
        $(#[doc = $doc:literal])+
        pub struct $name:ident $(short $short:ident : $sty:ty)? { $($body:tt)* }
    ) => {
        $crate::form::field_type! { @struct [$(#[doc = $doc])+] $name { $($body)* } }

        impl $name {
            $crate::form::constructor! { @go $name slips [] [] $($body)* }
            $crate::form::setters! { $($body)* }
        }

        $(
            impl From<$sty> for $name {
                fn from($short: $sty) -> Self {
                    Self::new($short)
                }
            }

            impl $crate::model::Given<$name> for &str {
                fn given(self) -> $crate::model::Part<$name> {
                    $crate::model::Given::given($name::new(self))
                }
            }

            impl $crate::model::Given<$name> for String {
                fn given(self) -> $crate::model::Part<$name> {
                    $crate::model::Given::given($name::new(self))
                }
            }

            /// Reads the bare value, as it may stand in a document.
            impl std::str::FromStr for $name {
                type Err = <$sty as std::str::FromStr>::Err;
                fn from_str(text: &str) -> Result<Self, Self::Err> {
                    text.parse::<$sty>().map(Self::new)
                }
            }
        )?

        $crate::form::record_read! { [$($doc)+] $name [$($short : $sty)?] { $($body)* } }
    };
}

/// The struct itself, and the type of each field by its mode.
macro_rules! field_type {
    (@struct [$($meta:tt)+] $name:ident {
        $($(#[doc = $fdoc:literal])+ $mode:ident $field:ident : $ty:ty $(= $default:expr)?,)*
    }) => {
        $($meta)+
        #[derive(Clone, Debug, Eq, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[doc = $fdoc])+ pub $field: $crate::form::field_type!(@ty $mode $ty),)*
            /// What was given and could not be read.
            slips: $crate::form::Slips,
        }
    };
    (@ty need $ty:ty) => { $ty };
    (@ty flat $ty:ty) => { $ty };
    (@ty or $ty:ty) => { $ty };
    (@ty may $ty:ty) => { Option<$ty> };
    (@ty list $ty:ty) => { Vec<$ty> };
}

/// `new`, which takes what must be there.
macro_rules! constructor {
    (@go $name:ident $s:ident [] [$($field:ident = $init:expr;)*]) => {
        #[doc = concat!("A `", stringify!($name), "` of which nothing has been said yet.")]
        #[expect(clippy::new_without_default, reason = "what is not said is not a default")]
        pub fn new() -> Self {
            Self { $($field: $init,)* slips: $crate::form::Slips::default() }
        }
    };
    (@go $name:ident $s:ident [$($arg:ident : $ty:ty,)*] [$($field:ident = $init:expr;)*]) => {
        #[doc = concat!("A `", stringify!($name), "` with what it must have, and defaults for the rest.")]
        pub fn new($($arg: $ty),*) -> Self {
            let $s = &mut $crate::form::Slips::default();
            Self { $($field: $init,)* slips: std::mem::take($s) }
        }
    };
    (@go $n:ident $s:ident [$($a:tt)*] [$($i:tt)*] $(#[doc = $d:literal])+ need $f:ident : String, $($rest:tt)*) => {
        $crate::form::constructor! { @go $n $s [$($a)* $f: impl Into<String>,] [$($i)* $f = $f.into();] $($rest)* }
    };
    (@go $n:ident $s:ident [$($a:tt)*] [$($i:tt)*] $(#[doc = $d:literal])+ need $f:ident : $t:ty, $($rest:tt)*) => {
        $crate::form::constructor! {
            @go $n $s
            [$($a)* $f: impl $crate::model::Given<$t>,]
            [$($i)* $f = $s.take(stringify!($f), $f);]
            $($rest)*
        }
    };
    (@go $n:ident $s:ident [$($a:tt)*] [$($i:tt)*] $(#[doc = $d:literal])+ flat $f:ident : $t:ty, $($rest:tt)*) => {
        $crate::form::constructor! { @go $n $s [$($a)* $f: impl Into<$t>,] [$($i)* $f = $f.into();] $($rest)* }
    };
    (@go $n:ident $s:ident [$($a:tt)*] [$($i:tt)*] $(#[doc = $d:literal])+ may $f:ident : $t:ty, $($rest:tt)*) => {
        $crate::form::constructor! { @go $n $s [$($a)*] [$($i)* $f = None;] $($rest)* }
    };
    (@go $n:ident $s:ident [$($a:tt)*] [$($i:tt)*] $(#[doc = $d:literal])+ list $f:ident : $t:ty, $($rest:tt)*) => {
        $crate::form::constructor! { @go $n $s [$($a)*] [$($i)* $f = Vec::new();] $($rest)* }
    };
    (@go $n:ident $s:ident [$($a:tt)*] [$($i:tt)*] $(#[doc = $d:literal])+ or $f:ident : $t:ty = $e:expr, $($rest:tt)*) => {
        $crate::form::constructor! { @go $n $s [$($a)*] [$($i)* $f = $e;] $($rest)* }
    };
}

/// One setter for each field that `new` does not take.
macro_rules! setters {
    () => {};
    ($(#[doc = $d:literal])+ need $f:ident : $t:ty, $($rest:tt)*) => {
        $crate::form::setters! { $($rest)* }
    };
    ($(#[doc = $d:literal])+ flat $f:ident : $t:ty, $($rest:tt)*) => {
        $crate::form::setters! { $($rest)* }
    };
    ($(#[doc = $d:literal])+ may $f:ident : String, $($rest:tt)*) => {
        /// Sets:
        $(#[doc = $d])+
        #[must_use]
        pub fn $f(mut self, $f: impl Into<String>) -> Self {
            self.$f = Some($f.into());
            self
        }
        $crate::form::setters! { $($rest)* }
    };
    ($(#[doc = $d:literal])+ may $f:ident : $t:ty, $($rest:tt)*) => {
        /// Sets:
        $(#[doc = $d])+
        #[must_use]
        pub fn $f(mut self, $f: impl $crate::model::Given<$t>) -> Self {
            self.$f = Some(self.slips.take(stringify!($f), $f));
            self
        }
        $crate::form::setters! { $($rest)* }
    };
    ($(#[doc = $d:literal])+ list $f:ident : String, $($rest:tt)*) => {
        /// Adds:
        $(#[doc = $d])+
        #[must_use]
        pub fn $f(mut self, $f: impl IntoIterator<Item = impl Into<String>>) -> Self {
            self.$f.extend($f.into_iter().map(Into::into));
            self
        }
        $crate::form::setters! { $($rest)* }
    };
    ($(#[doc = $d:literal])+ list $f:ident : $t:ty, $($rest:tt)*) => {
        /// Adds:
        $(#[doc = $d])+
        #[must_use]
        pub fn $f(
            mut self,
            $f: impl IntoIterator<Item = impl $crate::model::Given<$t>>,
        ) -> Self {
            for item in $f {
                let item = self.slips.item(stringify!($f), self.$f.len(), item);
                self.$f.push(item);
            }
            self
        }
        $crate::form::setters! { $($rest)* }
    };
    ($(#[doc = $d:literal])+ or $f:ident : String = $e:expr, $($rest:tt)*) => {
        /// Sets:
        $(#[doc = $d])+
        #[must_use]
        pub fn $f(mut self, $f: impl Into<String>) -> Self {
            self.$f = $f.into();
            self
        }
        $crate::form::setters! { $($rest)* }
    };
    ($(#[doc = $d:literal])+ or $f:ident : $t:ty = $e:expr, $($rest:tt)*) => {
        /// Sets:
        $(#[doc = $d])+
        #[must_use]
        pub fn $f(mut self, $f: impl $crate::model::Given<$t>) -> Self {
            self.$f = self.slips.take(stringify!($f), $f);
            self
        }
        $crate::form::setters! { $($rest)* }
    };
}

/// Reading, printing and describing a record.
macro_rules! record_read {
    ([$($doc:literal)+] $name:ident [$($short:ident : $sty:ty)?] {
        $($(#[doc = $fdoc:literal])+ $mode:ident $field:ident : $ty:ty $(= $default:expr)?,)*
    }) => {
        impl $crate::form::Form for $name {
            fn read(
                node: &$crate::document::Node,
                cx: &mut $crate::form::Lowering<'_>,
            ) -> Option<Self> {
                $(
                    if let $crate::document::Kind::Scalar { .. } = &node.kind
                        && !node.is_null(cx.source())
                    {
                        let $short = cx.filled::<$sty>(node)?;
                        return Some(Self::new($short));
                    }
                )?
                let entries = cx.entries(node, "a map of keys and values")?;
                let flats: &[&str] = $crate::form::record_read!(@flats $($mode $ty),*);
                let mut known = true;
                // The entry of each field, the first of two.
                $(let mut $field: Option<&$crate::document::Entry> = None;)*
                for entry in entries {
                    let key = cx.key(entry);
                    match $crate::form::lowering::snake(key, &mut [0; _]) {
                        $($crate::form::record_read!(@pattern $mode $field) => {
                            $field.get_or_insert(entry);
                        })*
                        _ => known &= flats.contains(&key),
                    }
                }
                $(
                    let $field = $crate::form::record_read!(
                        @read $mode $field $ty, cx, entries, node, $field $(, $default)?
                    );
                )*
                if !known {
                    let fields = [$($crate::form::record_read!(@name $mode $field)),*];
                    cx.unknown_keys(entries, &fields, flats);
                }
                Some(Self { $($field: $field?,)* slips: $crate::form::Slips::default() })
            }

            fn write(&self) -> $crate::value::Value {
                let mut out = $crate::form::record::Pairs::default();
                $($crate::form::record_write!(@write $mode $field, self, out $(, $default)?);)*
                self.slips.restore(&mut out);
                $(
                    if let [(key, value)] = out.0.as_slice()
                        && key == stringify!($short)
                        && !matches!(
                            value,
                            $crate::value::Value::Map(_) | $crate::value::Value::List(_)
                        )
                    {
                        return value.clone();
                    }
                )?
                $crate::value::Value::Map(out.0)
            }

            fn schema(schema: &mut $crate::form::Schema) -> $crate::value::Value {
                schema.define(stringify!($name), |schema| {
                    let mut object = $crate::form::schema::Object::new(concat!($($doc,)+));
                    $($crate::form::record_write!(
                        @schema $mode $field $ty, schema, object, concat!($($fdoc,)+)
                    );)*
                    $(object.short(stringify!($short));)?
                    object.finish()
                })
            }
        }
    };
    (@read need $f:ident $ty:ty, $cx:ident, $entries:ident, $node:ident, $found:expr) => {
        $cx.need::<$ty>($found, $entries, $node, stringify!($f))
    };
    (@read may $f:ident $ty:ty, $cx:ident, $entries:ident, $node:ident, $found:expr) => {
        Some($cx.may::<$ty>($found))
    };
    (@read list $f:ident $ty:ty, $cx:ident, $entries:ident, $node:ident, $found:expr) => {
        Some($cx.list::<$ty>($found))
    };
    (@read or $f:ident $ty:ty, $cx:ident, $entries:ident, $node:ident, $found:expr, $e:expr) => {
        Some($cx.may::<$ty>($found).unwrap_or_else(|| $e))
    };
    (@read flat $f:ident $ty:ty, $cx:ident, $entries:ident, $node:ident, $found:expr) => {{
        let _none: Option<&$crate::document::Entry> = $found;
        $cx.flat::<$ty>($entries, $node)
    }};
    (@name flat $f:ident) => { "" };
    (@name $mode:ident $f:ident) => { stringify!($f) };
    // It stands under a key of its own, and no key is read as this.
    (@pattern flat $f:ident) => { "-" };
    (@pattern $mode:ident $f:ident) => { stringify!($f) };
    (@flats) => { &[] };
    (@flats flat $ty:ty $(, $m:ident $t:ty)*) => { <$ty as $crate::form::Flat>::KEYS };
    (@flats $mode:ident $ty:ty $(, $m:ident $t:ty)*) => {
        $crate::form::record_read!(@flats $($m $t),*)
    };
}

/// Printing and describing one field.
macro_rules! record_write {
    (@write need $f:ident, $self:ident, $out:ident) => {
        $out.put((
            $crate::form::lowering::kebab(stringify!($f)),
            $crate::form::Form::write(&$self.$f),
        ));
    };
    (@write may $f:ident, $self:ident, $out:ident) => {
        if let Some(value) = &$self.$f {
            $out.put((
                $crate::form::lowering::kebab(stringify!($f)),
                $crate::form::Form::write(value),
            ));
        }
    };
    (@write list $f:ident, $self:ident, $out:ident) => {
        if !$self.$f.is_empty() {
            let list = $self.$f.iter().map($crate::form::Form::write).collect();
            $out.put((
                $crate::form::lowering::kebab(stringify!($f)),
                $crate::value::Value::List(list),
            ));
        }
    };
    (@write or $f:ident, $self:ident, $out:ident, $e:expr) => {
        if $self.$f != $e {
            $out.put((
                $crate::form::lowering::kebab(stringify!($f)),
                $crate::form::Form::write(&$self.$f),
            ));
        }
    };
    (@write flat $f:ident, $self:ident, $out:ident) => {
        $out.put($crate::form::Flat::write_flat(&$self.$f));
    };
    (@schema need $f:ident $ty:ty, $schema:ident, $object:ident, $doc:expr) => {
        let one = <$ty as $crate::form::Form>::schema($schema);
        $object.field(stringify!($f), one, $doc, true);
    };
    (@schema may $f:ident $ty:ty, $schema:ident, $object:ident, $doc:expr) => {
        let one = <$ty as $crate::form::Form>::schema($schema);
        $object.field(stringify!($f), one, $doc, false);
    };
    (@schema or $f:ident $ty:ty, $schema:ident, $object:ident, $doc:expr) => {
        let one = <$ty as $crate::form::Form>::schema($schema);
        $object.field(stringify!($f), one, $doc, false);
    };
    (@schema list $f:ident $ty:ty, $schema:ident, $object:ident, $doc:expr) => {
        let one = $crate::form::schema::list(<$ty as $crate::form::Form>::schema($schema));
        $object.field(stringify!($f), one, $doc, false);
    };
    (@schema flat $f:ident $ty:ty, $schema:ident, $object:ident, $doc:expr) => {
        let choices = <$ty as $crate::form::Flat>::schema_flat($schema);
        $object.flat(choices);
    };
}

/// Defines a flat choice: an enum whose variants are keys, each with a record.
macro_rules! actions {
    (
        $(#[doc = $doc:literal])+
        pub enum $name:ident {
            $($(#[doc = $vdoc:literal])+ $variant:ident($ty:ty) = $key:literal,)*
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, Eq, PartialEq)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[doc = $vdoc])+ $variant($ty),)*
        }

        impl $name {
            /// The key that it stands under in a document.
            pub fn key(&self) -> &'static str {
                match self { $(Self::$variant(_) => $key,)* }
            }
        }

        $(impl From<$ty> for $name {
            fn from(inner: $ty) -> Self {
                Self::$variant(inner)
            }
        })*

        impl $crate::form::Flat for $name {
            const KEYS: &'static [&'static str] = &[$($key),*];

            fn read_flat(
                entry: &$crate::document::Entry,
                cx: &mut $crate::form::Lowering<'_>,
            ) -> Option<Self> {
                $(
                    if cx.key(entry) == $key {
                        let inner = cx.under($key, |cx| cx.filled::<$ty>(&entry.value));
                        return inner.map(Self::$variant);
                    }
                )*
                None
            }

            fn write_flat(&self) -> (String, $crate::value::Value) {
                match self {
                    $(Self::$variant(inner) => {
                        ($key.to_owned(), $crate::form::Form::write(inner))
                    })*
                }
            }

            fn schema_flat(
                schema: &mut $crate::form::Schema,
            ) -> Vec<(String, $crate::value::Value)> {
                vec![$((
                    $key.to_owned(),
                    <$ty as $crate::form::Form>::schema(schema),
                )),*]
            }
        }
    };
}

pub(crate) use {actions, constructor, field_type, record, record_read, record_write, setters};

/// The keys and values of a record as it is printed.
#[derive(Default)]
pub(crate) struct Pairs(pub(crate) Vec<(String, crate::value::Value)>);

impl Pairs {
    pub(crate) fn put(&mut self, pair: (String, crate::value::Value)) {
        self.0.push(pair);
    }
}
