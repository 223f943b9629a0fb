//! Many companies: a stack for each, by a file that names them, and views over the tables of all.
//!
//! ```text
//! companies.toml ─┐
//! template.yaml  ─┴> plan ─> stack (cloudformation deploy, a company each) ─> views (a stack of its own, over what there is by then)
//! ```
//!
//! The AWS CLI, which every deployer has, does everything in AWS but read a lake. If one company fails, the others go on.

mod aws;
mod plan;
pub(crate) mod stack;
mod template;
pub(crate) mod views;

pub(crate) use aws::Aws;
pub(crate) use plan::{Company, Plan};
