//! fedgate: a self-hosted identity gateway.
//!
//! The map, floor by floor; a room imports only from the floors before it (`tests/it/house/architecture.rs`):
//!
//! 1. `base` (clock, random, ids, secrets) and `outbound` (the only HTTP client)
//! 2. `model`: pure types and the one failure enum; no I/O, no wire names
//! 3. ports: `store`, `cache`, `keys`, `http`; `context` bundles them for one request
//! 4. capabilities, strictly in this order: `user_pools`, `tokens`, `auth_flows`, `federation`
//! 5. faces, which only translate: `cognito`, `oauth`, `saml`, `hosted_ui`
//! 6. `app` composes all of it from `config`; `commands` are what the program does

pub mod app;
pub mod auth_flows;
pub mod base;
pub mod cache;
pub mod cognito;
pub mod commands;
pub mod config;
pub mod context;
pub mod federation;
pub mod hosted_ui;
pub mod http;
pub mod keys;
pub mod model;
pub mod oauth;
pub mod outbound;
pub mod saml;
pub mod store;
pub mod tokens;
pub mod user_pools;
