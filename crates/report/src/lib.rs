//! Renders an incident report as HTML, Markdown, JSON or terminal text.

pub mod model;
