//! What every command works with.

use xledger_spend::lake::{Lake, LakeUrl};
use xledger_spend::model::failure::Failure;
use xledger_spend::run::{self, Run};

use crate::log::Requests;
use crate::sources::{self, SettingSources};
use crate::stages::Watched;
use crate::terminal::Terminal;

/// The context of a command.
pub(crate) struct Context {
    pub(crate) sources: SettingSources,
    pub(crate) run: Run,
    pub(crate) terminal: Terminal,
    pub(crate) watched: Watched,
    /// Where the questions of the run are saved.
    pub(crate) requests: Option<Requests>,
    pub(crate) json: bool,
    /// How this program was called, as a shell's word.
    pub(crate) program: String,
}

impl Context {
    /// Waits for a run, and shows meanwhile where it stands.
    pub(crate) async fn follow<T>(&self, run: impl Future<Output = T>) -> T {
        if let Some(requests) = &self.requests {
            requests.begin();
        }
        let _following = self.terminal.follow(&self.run, self.watched);
        run.await
    }

    /// The lake that is set, to be read, with its address.
    pub(crate) async fn lake(&self) -> Result<(LakeUrl, Lake), Failure> {
        let url = self.sources.lake()?;
        let lake = open(&url).await?;
        Ok((url, lake))
    }
}

/// Opens a lake to read it, for which no other setting is needed.
pub(crate) async fn open(url: &LakeUrl) -> Result<Lake, Failure> {
    run::open_at(url, &sources::aws_of_lake(url).await).await
}
