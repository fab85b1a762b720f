//! The HTTP seam: everything about actix that is not a face.
//!
//! Owns the server (TLS, limits, drain), request facts (id, client address behind trusted proxies, host), parameters, cookies, security
//! headers, the fixed error page and the one audit line of each request. Knows no capability; faces and `app` import it.

pub mod audit;
pub mod cookies;
pub mod departure;
pub mod facts;
pub mod page;
pub mod parameters;
