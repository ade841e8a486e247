//! Reads generated pods once with one engine, for callgrind and perf: `once typed|tree|projection|serde_yaml|… [pods] [rounds]`.

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

#[path = "../benches/data/mod.rs"]
mod data;

use std::hint::black_box;

use data::{List, PATHS, Pod, list};
use kubeyaml::{Node, Options, Projection, split_items};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default| {
        arguments
            .get(at)
            .and_then(|n| n.parse().ok())
            .unwrap_or(default)
    };
    let (pods, rounds) = (number(1, 100), number(2, 1));
    let engine = arguments.first().map_or("typed", String::as_str);
    let text = list(pods, false);
    let json = if engine.starts_with("serde_json") {
        let value: serde_json::Value = serde_yaml::from_str(&text).unwrap();
        serde_json::to_string(&value).unwrap()
    } else {
        String::new()
    };
    println!("{} bytes", text.len());
    for _ in 0..rounds {
        run(engine, &text, &json);
    }
}

#[inline(never)]
fn run(engine: &str, text: &str, json: &str) {
    match engine {
        "serde_json_none" => {}
        "typed" => drop(black_box(kubeyaml::from_str_items::<Pod>(text))),
        "tree" | "projection" => {
            let projection = Projection::new(PATHS);
            let projection = (engine == "projection").then_some(&projection);
            for item in split_items(text, 1).unwrap().items {
                let options = Options {
                    first_line: item.first_line,
                    projection,
                    ..Options::default()
                };
                drop(black_box(Node::read_item(item.text, &options)));
            }
        }
        "serde_yaml" => drop(black_box(serde_yaml::from_str::<List>(text))),
        "serde_yaml_value" => drop(black_box(serde_yaml::from_str::<serde_yaml::Value>(text))),
        "serde_json" => drop(black_box(serde_json::from_str::<List>(json))),
        _ => {}
    }
}
