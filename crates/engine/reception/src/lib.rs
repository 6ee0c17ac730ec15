//! Keeps what arrived before it is acknowledged, and recognises what it is.
