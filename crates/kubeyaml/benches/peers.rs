//! Compares with serde_yaml and serde_json: `cargo bench -p kubeyaml --features rayon -- [pods] [--managed-fields]`.

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

mod data;

use std::{hint::black_box, time::Instant};

use data::{List, PATHS, Pod, list};
use kubeyaml::{Node, Options, Projection, split_items};
use rayon::prelude::*;

const ROUNDS: usize = 5;

/// The shortest of several rounds, in seconds.
fn seconds<T>(mut work: impl FnMut() -> T) -> f64 {
    (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            black_box(work());
            start.elapsed().as_secs_f64()
        })
        .fold(f64::INFINITY, f64::min)
}

fn pods(text: &str) -> Vec<Pod> {
    kubeyaml::from_str_items(text)
        .unwrap()
        .into_iter()
        .collect::<Result<_, _>>()
        .unwrap()
}

fn parallel_pods(text: &str) -> Vec<Pod> {
    kubeyaml::par_from_str_items(text)
        .unwrap()
        .into_iter()
        .collect::<Result<_, _>>()
        .unwrap()
}

fn nodes<'t>(text: &'t str, projection: Option<&Projection>) -> Vec<Node<'t>> {
    let list = split_items(text, 1).unwrap();
    let read = |item: &kubeyaml::Part<'t>| {
        let options = Options {
            first_line: item.first_line,
            projection,
            ..Options::default()
        };
        Node::read_item(item.text, &options).unwrap()
    };
    list.items.iter().map(read).collect()
}

fn parallel_nodes<'t>(text: &'t str, projection: Option<&Projection>) -> Vec<Node<'t>> {
    let list = split_items(text, 1).unwrap();
    let read = |item: &kubeyaml::Part<'t>| {
        let options = Options {
            first_line: item.first_line,
            projection,
            ..Options::default()
        };
        Node::read_item(item.text, &options).unwrap()
    };
    list.items.par_iter().map(read).collect()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let count = arguments
        .iter()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(2000);
    let text = list(
        count,
        arguments
            .iter()
            .any(|argument| argument == "--managed-fields"),
    );
    let objects: serde_json::Value = serde_yaml::from_str(&text).unwrap();
    let json = serde_json::to_string(&objects).unwrap();
    drop(objects);
    let whole: List = serde_yaml::from_str(&text).unwrap();
    assert!(whole.items == pods(&text), "the peers read the same pods");
    assert!(serde_json::from_str::<List>(&json).unwrap() == whole);
    drop(whole);

    let projection = Projection::new(PATHS);
    let threads = |count| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(count)
            .build()
            .unwrap()
    };
    let two = threads(2);
    println!(
        "{count} pods, YAML {:.1} MB, compact JSON {:.1} MB; shortest of {ROUNDS} rounds",
        text.len() as f64 / 1e6,
        json.len() as f64 / 1e6
    );
    println!(
        "{:38} {:>9} {:>9} {:>14} {:>14}",
        "", "ms", "MB/s", "x serde_yaml", "x serde_json"
    );
    let yaml = seconds(|| serde_yaml::from_str::<List>(&text).unwrap());
    let typed_json = seconds(|| serde_json::from_str::<List>(&json).unwrap());
    let row = |name: &str, bytes: usize, time: f64| {
        println!(
            "{name:38} {:9.1} {:9.0} {:14.1} {:14.2}",
            time * 1e3,
            bytes as f64 / time / 1e6,
            yaml / time,
            typed_json / time
        );
    };
    row("serde_yaml typed", text.len(), yaml);
    row(
        "serde_yaml Value",
        text.len(),
        seconds(|| serde_yaml::from_str::<serde_yaml::Value>(&text).unwrap()),
    );
    row("serde_json typed, compact JSON", json.len(), typed_json);
    row(
        "serde_json Value, compact JSON",
        json.len(),
        seconds(|| serde_json::from_str::<serde_json::Value>(&json).unwrap()),
    );
    row(
        "kubeyaml split only",
        text.len(),
        seconds(|| split_items(&text, 1).unwrap()),
    );
    row("kubeyaml typed", text.len(), seconds(|| pods(&text)));
    row(
        "kubeyaml typed, 2 threads",
        text.len(),
        two.install(|| seconds(|| parallel_pods(&text))),
    );
    row("kubeyaml tree", text.len(), seconds(|| nodes(&text, None)));
    row(
        "kubeyaml tree, 2 threads",
        text.len(),
        two.install(|| seconds(|| parallel_nodes(&text, None))),
    );
    row(
        "kubeyaml projection",
        text.len(),
        seconds(|| nodes(&text, Some(&projection))),
    );
    row(
        "kubeyaml projection, 2 threads",
        text.len(),
        two.install(|| seconds(|| parallel_nodes(&text, Some(&projection)))),
    );
}
