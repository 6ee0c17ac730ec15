//! Turns a refusal into a verdict with its evidence, and the verdict into plain Japanese and English.
