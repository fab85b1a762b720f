//! The table of hosted pages. A new page is a file here, a template and a line in [`PAGES`].

pub mod handover;
pub mod login;

use crate::hosted_ui::page::Page;

/// Every page.
pub const PAGES: [&dyn Page; 2] = [&login::Login, &handover::Handover];
