//! The readers that are compared, each by a name, over the same pods.

#![allow(unreachable_pub, dead_code, reason = "included by several programs")]

use std::hint::black_box;

use kubeyaml::{Node, Options, Part, Projection, split_items};
use rayon::prelude::*;

use crate::data::{List, PATHS, Pod, list};

/// The same objects in both forms.
pub struct Input {
    pub yaml: String,
    /// Compact.
    pub json: String,
}

impl Input {
    pub fn new(pods: usize, managed_fields: bool) -> Self {
        let yaml = list(pods, managed_fields);
        let objects: serde_json::Value = kubeyaml::from_str(&yaml).unwrap();
        let json = serde_json::to_string(&objects).unwrap();
        Self { yaml, json }
    }

    /// All typed readers give the same pods.
    pub fn check(&self) {
        let whole: List = serde_yaml::from_str(&self.yaml).unwrap();
        let json: List = serde_json::from_str(&self.json).unwrap();
        let ours = kubeyaml::from_str_items(&self.yaml).unwrap().into_iter();
        let ours: Vec<Pod> = ours.map(Result::unwrap).collect();
        assert!(
            whole == json && whole.items == ours,
            "the readers give the same pods"
        );
    }
}

/// Name, whether it reads the JSON, whether it is worth counting its instructions.
pub const ENGINES: [(&str, bool, bool); 11] = [
    ("serde_yaml typed", false, true),
    ("serde_yaml Value", false, false),
    ("serde_json typed, compact JSON", true, true),
    ("serde_json Value, compact JSON", true, false),
    ("kubeyaml split only", false, true),
    ("kubeyaml typed", false, true),
    ("kubeyaml typed, 2 threads", false, false),
    ("kubeyaml projection", false, true),
    ("kubeyaml projection, 2 threads", false, false),
    ("kubeyaml tree", false, true),
    ("kubeyaml tree, 2 threads", false, false),
];

/// Reads once and drops what was read. The name is what callgrind is told to count.
#[inline(never)]
pub fn run_engine(engine: &str, input: &Input) {
    let text = input.yaml.as_str();
    match engine {
        "serde_yaml typed" => drop(black_box(serde_yaml::from_str::<List>(text).unwrap())),
        "serde_yaml Value" => {
            drop(black_box(
                serde_yaml::from_str::<serde_yaml::Value>(text).unwrap(),
            ));
        }
        "serde_json typed, compact JSON" => {
            drop(black_box(
                serde_json::from_str::<List>(&input.json).unwrap(),
            ));
        }
        "serde_json Value, compact JSON" => {
            drop(black_box(
                serde_json::from_str::<serde_json::Value>(&input.json).unwrap(),
            ));
        }
        "kubeyaml split only" => drop(black_box(split_items(text, 1).unwrap())),
        "kubeyaml typed" => drop(black_box(kubeyaml::from_str_items::<Pod>(text).unwrap())),
        "kubeyaml typed, 2 threads" => {
            let read = |item: &Part<'_>| kubeyaml::from_item::<Pod>(*item).unwrap();
            let items = split_items(text, 1).unwrap().items;
            // Freed by the thread that read it: giving all back on one thread is the allocator's time.
            items
                .par_iter()
                .for_each(|item| drop(black_box(read(item))));
        }
        "kubeyaml tree" => nodes(text, None, false),
        "kubeyaml tree, 2 threads" => nodes(text, None, true),
        "kubeyaml projection" => nodes(text, Some(&Projection::new(PATHS)), false),
        "kubeyaml projection, 2 threads" => nodes(text, Some(&Projection::new(PATHS)), true),
        _ => panic!("no engine {engine}"),
    }
}

fn nodes(text: &str, projection: Option<&Projection>, parallel: bool) {
    let items = split_items(text, 1).unwrap().items;
    let read = |item: &Part<'_>| {
        let options = Options {
            first_line: item.first_line,
            projection,
            ..Options::default()
        };
        drop(black_box(Node::read_item(item.text, &options).unwrap()));
    };
    if parallel {
        items.par_iter().for_each(read);
    } else {
        items.iter().for_each(read);
    }
}
