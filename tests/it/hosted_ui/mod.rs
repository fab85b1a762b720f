//! The hosted pages: samples of every page, and the pages as a gateway serves them.

mod discovery;
mod login;
mod samples;
