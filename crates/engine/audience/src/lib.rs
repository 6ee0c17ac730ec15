//! Who our customers are, what they consented to, and whether their address works.
