//! Tests from outside: against complete readers, against kubectl's own output, and lines of values.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a panic is the failure report of a test"
)]

#[path = "../support/check.rs"]
mod check;
mod differential;
#[path = "../support/generate.rs"]
mod generate;
#[path = "../support/guided.rs"]
mod guided;
mod kubectl;
mod lines;
