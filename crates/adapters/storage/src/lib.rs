//! Keeps everything durable, on SQLite and on PostgreSQL, with the same queries.
