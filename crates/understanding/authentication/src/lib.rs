//! Proves who sent a message: DKIM keys and signatures, and the DNS records that must be published.
