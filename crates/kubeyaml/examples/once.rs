//! Reads generated pods with one engine, for callgrind and perf: `once "kubeyaml typed" [pods] [rounds]`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a panic is the failure report of a program for the terminal"
)]

#[path = "../benches/data/mod.rs"]
mod data;
#[path = "../benches/engines/mod.rs"]
mod engines;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default| {
        let given = arguments.get(at).and_then(|number| number.parse().ok());
        given.unwrap_or(default)
    };
    let engine = arguments.first().map_or("kubeyaml typed", String::as_str);
    let input = engines::Input::new(number(1, 100), false);
    println!("{} bytes", input.yaml.len());
    for _ in 0..number(2, 1) {
        engines::run_engine(engine, &input);
    }
}
