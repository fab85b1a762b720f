//! Sign-in as the app sees it: the authorization request, the browser session, the code, and what a code becomes.
//!
//! `authorize` judges a request and decides what happens next; `authorization` writes answers and codes; `redemption` and `refresh` turn
//! a code or refresh token into tokens; `standing` is the one re-check of user, client and provider; `web_session` is single
//! sign-on. Transport-free: faces translate. Sign-in through providers is `federation`'s.

pub mod authorization;
pub mod authorize;
pub mod redemption;
pub mod refresh;
pub mod standing;
pub mod web_session;
