//! The pages people use, in Japanese and English.
