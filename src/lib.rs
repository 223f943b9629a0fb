//! x
pub mod value;
pub mod lake;
