//! Checks generated texts against complete readers: `cargo run --release -p kubeyaml --example stress -- 1000000 [seed]`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_possible_truncation,
    clippy::large_stack_arrays,
    clippy::needless_pass_by_value,
    reason = "a panic is the failure report of a program for the terminal"
)]

#[path = "../tests/support/check.rs"]
mod check;
#[path = "../tests/support/generate.rs"]
mod generate;
#[path = "../tests/support/guided.rs"]
mod guided;

use check::Outcome;

fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .map(|argument| argument.parse::<u64>().unwrap_or(1));
    let cases = arguments.next().unwrap_or(100_000);
    let seed = arguments.next().unwrap_or(1);
    let (mut read, mut unsupported, mut refused, mut different) = (0_u64, 0_u64, 0_u64, 0_u64);
    for case in seed..seed + cases {
        let text = generate::any(&mut generate::Random::new(case));
        match check::check(&text).and_then(|outcome| guided::check(&text).map(|()| outcome)) {
            Ok(Outcome::Read) => read += 1,
            Ok(Outcome::Unsupported) => unsupported += 1,
            Ok(Outcome::Refused) => refused += 1,
            Err(what) => {
                different += 1;
                if different <= 20 {
                    println!("case {case}: {text:?}\n{what}\n");
                }
            }
        }
    }
    println!(
        "{cases} texts: {read} read alike, {unsupported} unsupported, {refused} refused by both, {different} different"
    );
}
