//! Joins everything known about one message or one person into an explained outcome.
