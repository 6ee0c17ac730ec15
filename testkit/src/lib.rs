//! A world to test in: providers that behave as the real ones do, and a small DNS.
