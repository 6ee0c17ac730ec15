//! Who may operate this house: operators, passwords, sessions, lock-out.
