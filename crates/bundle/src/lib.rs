//! Opens a bundle of captured files within limits.
