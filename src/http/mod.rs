//! The HTTP seam: everything about actix that is not a face.
//!
//! Owns the server (TLS, limits, drain), request facts (id, client address behind trusted proxies, host), parameters, cookies, security
//! headers, the fixed error page and the one audit line of each request. Knows no capability; faces and `app` import it.
//! A request passes `layer` (facts → target and host → body → handler → headers → audit line), then its face.

pub mod audit;
pub mod cookies;
pub mod csrf;
pub mod departure;
pub mod facts;
pub mod forwarded;
pub mod layer;
pub mod limits;
pub mod page;
pub mod panics;
pub mod parameters;
pub mod refusal;
pub mod security_headers;
pub mod server;
pub mod target;
pub mod tls;
