//! Keeps the house rules: layers, sizes, texts.
