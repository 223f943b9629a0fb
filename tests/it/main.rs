//! The product against real servers and real files: one binary, one module for each situation.

mod servers;
mod store_conformance;
mod store_faults;
mod publish_in_one_step;
