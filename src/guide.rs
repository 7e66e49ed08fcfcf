//! How to use this crate: from nothing to a correct server.
//!
//! The types that it is about are [`Poll`](crate::Poll), [`Registry`](crate::Registry),
//! [`Events`](crate::Events), [`Interest`](crate::Interest), [`Token`](crate::Token) and
//! [`Waker`](crate::Waker).
// Its examples use all features.
#![cfg_attr(
    all(unix, feature = "os-poll", feature = "os-ext", feature = "net"),
    doc = include_str!("../docs/guide.md")
)]
#![cfg_attr(
    not(all(unix, feature = "os-poll", feature = "os-ext", feature = "net")),
    doc = "\nIt is part of the documentation of builds with all features."
)]
