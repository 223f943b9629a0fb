//! The simulator as a client sees it, over HTTP, and its books.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod access;
mod books;
mod broken;
mod client;
mod fields;
mod journal;
mod limits;
mod pages;
mod queries;
mod refusals;
mod registers;
mod rows;
mod spend;
mod switches;
mod weather;
