//! Answers DNS questions with a cache that never mistakes trouble for an answer.
