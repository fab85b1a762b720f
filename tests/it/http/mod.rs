//! The HTTP seam, over real sockets.

mod health;
