//! The product against the simulator and against real servers: each file is a situation.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test, that is how a fault is told")]

mod account;
mod architecture;
mod histories;
mod any_split_any_order;
mod bad_answers;
mod bad_input;
mod catalogue_follows;
mod check_says_what_is_missing;
mod complete_or_loudly_not;
mod desk;
mod data_checks;
mod die_at_any_write;
mod die_before_commit;
mod documents_fit_the_schema;
mod function;
mod go_back;
mod resume;
mod hostile;
mod limits_reached;
mod lists_stay_whole;
mod log;
mod old_snapshots_go;
mod one_at_a_time;
mod optional_fields;
mod part_of_it_is_refused;
mod payroll_never_leaves;
mod probe_tells_facts;
mod purchasing;
mod publish_in_one_step;
mod registers;
mod run_twice;
mod schema_is_remembered;
mod runtime_api;
mod servers;
mod store_conformance;
mod store_faults;
mod store_faults_in_a_refresh;
mod the_page_of_a_snapshot;
mod two_start_together;
mod waits_for_its_token;
