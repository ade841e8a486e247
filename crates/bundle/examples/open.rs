//! Opens a bundle and prints what is in it: for measuring.
//!
//! `cargo run --release -p coldcase-bundle --example open -- PATH… [--text|--chunks]`

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example talks"
)]

use std::io::Write;

use coldcase_bundle::{Input, Limits, open_all};
use rayon::prelude::*;

fn main() {
    let (flags, paths): (Vec<String>, Vec<String>) = std::env::args()
        .skip(1)
        .partition(|word| word.starts_with("--"));
    let inputs = paths
        .iter()
        .map(|path| match path.as_str() {
            "-" => Input::Stream("stdin".to_owned(), Box::new(std::io::stdin())),
            path => Input::Path(path.into()),
        })
        .collect();
    let bundle = match open_all(inputs, &Limits::default()) {
        Ok(bundle) => bundle,
        Err(error) => {
            eprintln!("{error}");
            return;
        }
    };
    let bytes: u64 = bundle.files.iter().map(|file| file.bytes).sum();
    let lines: u64 = bundle
        .files
        .iter()
        .map(|file| u64::from(file.line_count()))
        .sum();
    println!(
        "{}: {} files, {bytes} bytes, {lines} lines, {} links, {:?}, {}",
        bundle.name,
        bundle.files.len(),
        bundle.links.len(),
        bundle.layouts,
        bundle.hash
    );
    if flags.iter().any(|flag| flag == "--text") {
        let length: usize = bundle.files.par_iter().map(|file| file.text().len()).sum();
        println!("text {length}");
    }
    if flags.iter().any(|flag| flag == "--chunks") {
        let length: usize = bundle
            .files
            .par_iter()
            .flat_map_iter(coldcase_bundle::File::chunks)
            .map(|chunk| chunk.text.len())
            .sum();
        println!("chunks {length}");
    }
    let mut out = std::io::stdout().lock();
    for problem in bundle.problems.iter().take(20) {
        let _ = writeln!(out, "problem {} {}", problem.file, problem.what);
    }
}
