//! x
pub mod rules;
pub mod vat;
pub mod xledger;
pub mod value;
