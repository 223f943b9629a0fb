//! Starts and stops a server.

use crate::company::Company;
use crate::execute::Engine;
use crate::http::{Desk, router};
use crate::journal::Journal;
use crate::limits::Limits;
use crate::options::Options;
use crate::schema;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Why a server could not be started.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is taken or not allowed.
    #[error("cannot listen on {address}")]
    Listen {
        /// Where it should have listened.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// The schema file does not hold together with the switches that are on.
    #[error("the schema is not valid: {0}")]
    Schema(String),
}

/// Generates the company and starts a server for it.
///
/// # Errors
/// If the address cannot be listened on, or the schema is not valid with the guesses that are switched on.
pub async fn start(options: Options) -> Result<Running, Error> {
    let (lines, seed) = (options.lines, options.seed);
    let books = tokio::task::spawn_blocking(move || Company::generate(lines, seed)).await;
    start_with(options, Arc::new(books.unwrap_or_default())).await
}

/// Starts a server for a company that is already there.
///
/// # Errors
/// As [`start`].
pub async fn start_with(options: Options, books: Arc<Company>) -> Result<Running, Error> {
    let engine = Engine::new(schema::serve(&options.dialect)?);
    let address = options.listen;
    let listening = async {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    let (listener, address) = listening.await.map_err(|source| Error::Listen { address, source })?;
    let token = options.token.clone();
    let journal = Arc::new(Journal::default());
    let desk = Desk {
        options,
        books: books.clone(),
        engine,
        journal: journal.clone(),
        limits: Limits::default(),
        arrived: AtomicU64::new(0),
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let served = axum::serve(listener, router(Arc::new(desk))).with_graceful_shutdown(async {
        // Either told to stop, or the handle is gone.
        let _ = stopped.await;
    });
    let task = tokio::spawn(async move {
        let _ = served.await;
    });
    Ok(Running { address, token, journal, books, stop: Some(stop), task })
}

/// A server that is running, until this is dropped.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    token: String,
    journal: Arc<Journal>,
    books: Arc<Company>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Running {
    /// `http://127.0.0.1:PORT/graphql`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}/graphql", self.address)
    }

    /// The token that is accepted.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The journal.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The company.
    #[must_use]
    pub fn company(&self) -> &Arc<Company> {
        &self.books
    }

    /// Stops the server: answers what is under way, for a second at most.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        let _ = tokio::time::timeout(Duration::from_secs(1), &mut self.task).await;
        self.task.abort();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        self.task.abort();
    }
}
