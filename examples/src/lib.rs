//! Nothing of its own: the examples are the `[[example]]` targets of this package.
