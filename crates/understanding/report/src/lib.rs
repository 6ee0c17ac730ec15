//! Reads the reports mail servers send back: bytes in, facts out, never a failure.
