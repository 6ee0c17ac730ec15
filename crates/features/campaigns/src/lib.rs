//! Sends one message to many people, with a reason for everyone who is left out.
