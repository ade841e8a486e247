//! Reads a bundle into Kubernetes objects, events, logs and coverage.
pub mod json;
pub mod node;
pub mod yaml;
