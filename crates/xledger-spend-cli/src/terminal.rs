//! Standard error: whole lines, and on a terminal one line below them that changes while a run goes on.

use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::task::JoinHandle;
use xledger_spend::run::Run;

use crate::lines::sanitize;
use crate::stages::{self, Watched};

/// The terminal, or whatever standard error is. Cheap to clone; all clones are one.
#[derive(Clone)]
pub(crate) struct Terminal {
    is_terminal: bool,
    bar: Arc<Mutex<Option<ProgressBar>>>,
}

impl Terminal {
    pub(crate) fn on_standard_error() -> Self {
        Self { is_terminal: std::io::stderr().is_terminal(), bar: Arc::default() }
    }

    /// Whether a person looks on.
    pub(crate) fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Shows a line.
    pub(crate) fn line(&self, line: &str) {
        let bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // A standard error that cannot be written to leaves nobody to tell.
        let write = || drop(writeln!(std::io::stderr(), "{line}"));
        match bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Shows what went wrong with this program itself.
    pub(crate) fn failed(&self, message: &str) {
        self.line(&format!("error: {}", sanitize(message)));
    }

    /// Shows where a run stands until the answer is dropped.
    pub(crate) fn follow(&self, run: &Run, watched: Watched) -> Following {
        if !self.is_terminal {
            return Following { terminal: self.clone(), task: None };
        }
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
            bar.set_style(style);
        }
        *self.bar.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.clone());
        let run = run.clone();
        let task = tokio::spawn(async move {
            let mut ticks = tokio::time::interval(Duration::from_millis(100));
            loop {
                ticks.tick().await;
                bar.set_message(stages::now(&run.progress, &run.meter, watched, run.clock));
                bar.tick();
            }
        });
        Following { terminal: self.clone(), task: Some(task) }
    }
}

/// A run that is being shown.
pub(crate) struct Following {
    terminal: Terminal,
    task: Option<JoinHandle<()>>,
}

impl Drop for Following {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
        if let Some(bar) = self.terminal.bar.lock().unwrap_or_else(PoisonError::into_inner).take() {
            bar.finish_and_clear();
        }
    }
}
