//! What a line and a supplier are to a buyer: which numbers name one company, what was bought, and what a company says of both in its own files.
//! No input or output: files come as bytes.
//!
//! | file | what it settles |
//! |---|---|
//! | `company_number.rs` | whether a number names a company, in which register, and whether it is a person's |
//! | `spend_class.rs` | what an account holds: running costs, investments, stock, or no purchase at all |
//! | `category.rs` | the categories that follow from the account |

pub(crate) mod company_number;
pub(crate) mod spend_class;
pub mod category;
