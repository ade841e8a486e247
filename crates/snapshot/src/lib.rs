//! Reads a bundle into Kubernetes objects, events, logs and coverage.
