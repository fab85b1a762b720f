//! The HTTP seam, over real sockets.

mod audit;
mod bare;
mod cookies;
mod health;
mod limits;
mod page;
mod parameters;
mod proxies;
mod security_headers;
mod target;
mod tls;
