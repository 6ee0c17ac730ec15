//! Builds message bytes from a template and one person's values.
