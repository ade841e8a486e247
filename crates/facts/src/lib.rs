//! Derives the object graph and facts from a snapshot.
