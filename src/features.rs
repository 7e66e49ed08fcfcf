//! The features of this crate, what each brings, and what there is without them.
#![doc = include_str!("../docs/features.md")]
