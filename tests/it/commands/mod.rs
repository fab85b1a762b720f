//! The program itself, as a process: arguments, exit codes, files, signals.

mod check;
mod keys;
mod program;
mod serve;
mod usage;
