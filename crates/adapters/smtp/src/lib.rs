//! Speaks SMTP: the client that delivers and the server that receives.
