//! fedgate.
