//! Signed variable return paths: a bounce comes back to an address that names the recipient row, and nobody
//! else can make one up.
