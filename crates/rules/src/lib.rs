//! Loads declarative rules and evaluates them over facts.
