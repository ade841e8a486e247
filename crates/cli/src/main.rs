//! The coldcase command.
fn main() {}
