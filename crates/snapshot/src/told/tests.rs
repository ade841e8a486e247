//! What whole bundles tell.
