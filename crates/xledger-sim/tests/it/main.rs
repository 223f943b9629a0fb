//! The simulator as a client sees it, over HTTP, and its books.

mod access;
mod books;
mod client;
mod journal;
mod limits;
mod pages;
mod queries;
mod switches;
