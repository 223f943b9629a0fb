//! Starts and stops a server.

use crate::company::Company;
use crate::execute::Engine;
use crate::fault::Faults;
use crate::http::ServerState;
use crate::http::door::{self, Door};
use crate::journal::Journal;
use crate::limits::Limits;
use crate::live_books::LiveBooks;
use crate::options::Options;
use crate::schema;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};
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

/// A server that starts. Boxed, its code is made once, here, and not in every test that starts one.
pub type Starting = Pin<Box<dyn Future<Output = Result<Running, Error>> + Send>>;

/// Generates the company and starts a server for it.
///
/// # Errors
/// If the address cannot be listened on, or the schema is not valid with the switches that are on.
pub fn start(options: Options) -> Starting {
    Box::pin(async move {
        let (lines, seed) = (options.lines, options.seed);
        let books = tokio::task::spawn_blocking(move || Company::generate(lines, seed)).await;
        begin(options, Arc::new(books.unwrap_or_default())).await
    })
}

/// Starts a server for a company that is already there.
///
/// # Errors
/// As [`start`].
pub fn start_with(options: Options, books: Arc<Company>) -> Starting {
    Box::pin(begin(options, books))
}

async fn begin(options: Options, mut books: Arc<Company>) -> Result<Running, Error> {
    if options.dialect.writes() {
        options.dialect.write_into(Arc::make_mut(&mut books));
    }
    let schema = schema::serve(&options.dialect, &options.schema).map_err(Error::Schema)?;
    let engine = Engine::new(schema);
    let address = options.listen;
    let listening = async {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    let (listener, address) = listening.await.map_err(|source| Error::Listen { address, source })?;
    let token = options.token.clone();
    let journal = Arc::new(Journal::default());
    let books = Arc::new(LiveBooks::new(books, &options.changes));
    #[expect(clippy::disallowed_methods, reason = "a server is a composition root, and says when credits are back")]
    let now = SystemTime::now();
    let state = ServerState {
        books: books.clone(),
        engine,
        journal: journal.clone(),
        limits: Limits::new((Instant::now(), now)),
        faults: Faults::new(&options.faults),
        door: Arc::new(Door::new(address)),
        arrived: AtomicU64::new(0),
        first_arrival: OnceLock::new(),
        options,
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(door::keep(listener, Arc::new(state), stopped));
    Ok(Running { address, token, journal, books, stop: Some(stop), task })
}

/// A server that is running, until this is dropped.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    token: String,
    journal: Arc<Journal>,
    books: Arc<LiveBooks>,
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

    /// The books as they are now.
    #[must_use]
    pub fn company(&self) -> Arc<Company> {
        self.books.current()
    }

    /// Puts other books in the place of those that are there. Answers that are being written are still of the old ones.
    pub fn replace(&self, books: Company) {
        self.books.replace(books);
    }

    /// Stops the server: answers what is under way, for a second at most; what still goes on then is cut off.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        let _ = tokio::time::timeout(Duration::from_secs(2), &mut self.task).await;
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
