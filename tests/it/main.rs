//! The product against the simulator and against real servers: each file is a situation.


mod bad_answers;
mod check_says_what_is_missing;
mod desk;
mod documents_fit_the_schema;
mod limits_reached;
mod log;
mod payroll_never_leaves;
mod run_twice;
