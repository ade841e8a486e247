//! Reads the YAML that kubectl writes, at the speed of memory.
#![doc = include_str!("../README.md")]

mod build;
mod cursor;
#[cfg(feature = "serde")]
mod de;
mod dom;
mod error;
#[cfg(feature = "serde")]
mod number;
mod projection;
mod scalar;
mod scan;
mod split;
mod usual;

pub use build::{Below, Block, Build, Entry, Known, Options, read, read_item};
#[cfg(feature = "rayon")]
pub use de::par_from_str_items;
#[cfg(feature = "serde")]
pub use de::{from_item, from_str, from_str_items, from_str_with};
pub use dom::{Node, Value};
pub use error::Error;
pub use projection::Projection;
pub use scalar::{Scalar, Style};
pub use split::{Items, List, Part, cut_items, document_marks, split_documents, split_items};
