//! Many companies: a stack for each, by a file that names them, and views over the tables of all.
//!
//! ```text
//! companies.toml ─┐
//! template.yaml  ─┴> plan ─> stack (cloudformation deploy, a company each) ─> views (a stack of its own, over what there is by then)
//! ```
//!
//! Everything in AWS is done by the AWS CLI, which whoever deploys has; a company that fails keeps no other from its turn.

mod aws;
mod plan;
pub(crate) mod stack;
mod template;
pub(crate) mod views;

pub(crate) use aws::Aws;
pub(crate) use plan::{Company, Plan};
