//! Who comes in: the listener, its connections, and the times when nobody listens.

use super::wire::{Cut, Wire};
use super::{ServerState, serve};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

/// How long the server answers what is under way when it is told to stop.
const DRAIN_TIME: Duration = Duration::from_secs(1);
/// How long to wait when the own address cannot be listened on again.
const ONCE_MORE: Duration = Duration::from_millis(5);

/// Where the server listens, and whether it does.
#[derive(Debug)]
pub(crate) struct Door {
    address: SocketAddr,
    closed_for: watch::Sender<Option<Duration>>,
}

impl Door {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address, closed_for: watch::Sender::new(None) }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends all connections, and listens again so much later.
    pub(crate) fn close(&self, lasts: Duration) {
        self.closed_for.send_replace(Some(lasts));
    }
}

/// Serves until told to stop. All connections end with the future.
pub(crate) async fn keep(mut listener: TcpListener, state: Arc<ServerState>, mut stopped: oneshot::Receiver<()>) {
    let door = state.door.clone();
    let mut closed = door.closed_for.subscribe();
    let mut connections = JoinSet::new();
    let mut graceful = GracefulShutdown::new();
    loop {
        tokio::select! {
            // Either told to stop, or the handle is gone.
            _ = &mut stopped => break,
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    admit(&mut connections, &graceful, stream, state.clone());
                }
            }
            _ = closed.changed() => {
                let Some(lasts) = *closed.borrow_and_update() else { continue };
                drop(listener);
                connections.abort_all();
                graceful = GracefulShutdown::new();
                tokio::select! {
                    _ = &mut stopped => return,
                    reopened = reopen(door.address, lasts) => listener = reopened,
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    let _ = tokio::time::timeout(DRAIN_TIME, graceful.shutdown()).await;
}

fn admit(connections: &mut JoinSet<()>, graceful: &GracefulShutdown, stream: TcpStream, state: Arc<ServerState>) {
    let _ = stream.set_nodelay(true);
    let cut = Arc::new(Cut::never());
    let wire = TokioIo::new(Wire { stream, cut: cut.clone() });
    let answer = service_fn(move |request| serve(state.clone(), cut.clone(), request));
    let connection = graceful.watch(http1::Builder::new().serve_connection(wire, answer));
    connections.spawn(async move {
        // A client that goes away is its own business.
        let _ = connection.await;
    });
}

async fn reopen(address: SocketAddr, lasts: Duration) -> TcpListener {
    tokio::time::sleep(lasts).await;
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return listener,
            Err(_) => tokio::time::sleep(ONCE_MORE).await,
        }
    }
}
