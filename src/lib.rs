//! x
pub mod value;
