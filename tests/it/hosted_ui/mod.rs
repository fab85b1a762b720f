//! The hosted pages: samples of every page.

mod samples;
