//! The one implementation of the store, for both databases.
//!
//! Owns what every aggregate needs: values and rows ([`dialect`]), transactions ([`unit_of_work`]) and the schema's versions
//! ([`migrations`]). The SQL text itself is in the aggregates' files beside this folder.

pub mod dialect;
pub mod migrations;
pub mod unit_of_work;
