//! x
pub mod table;
pub mod value;
