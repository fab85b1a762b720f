//! The program itself, as a process: arguments, exit codes, files, signals.

mod check;
mod explain;
mod keys;
mod program;
mod serve;
mod usage;
