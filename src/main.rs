//! fedgate.
fn main() {}
