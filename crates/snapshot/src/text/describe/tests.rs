//! Whole descriptions.
