//! What a pool is to the outside: which requests belong to it.
//!
//! Owns the address rules (`address`). The rows are `store`'s; what a pool *is* stands in `model::user_pool`.

pub mod address;
