//! Checks the sending domain and the sending route, and says what to do.
