//! The bytes of a connection, which can be cut.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// How many bytes still go out before the connection is reset.
#[derive(Debug)]
pub(crate) struct Cut(AtomicU64);

impl Cut {
    /// Any number.
    pub(crate) fn never() -> Self {
        Self(AtomicU64::new(u64::MAX))
    }

    /// So many from now on.
    pub(crate) fn after(&self, bytes: u64) {
        self.0.store(bytes, Ordering::Release);
    }
}

/// A connection.
pub(crate) struct Wire {
    pub(crate) stream: TcpStream,
    pub(crate) cut: Arc<Cut>,
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let left = self.cut.0.load(Ordering::Acquire);
        if left == 0 {
            // Without lingering, the end of the connection is a reset.
            self.stream.set_zero_linger()?;
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let most = usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, &bytes[..most]))?;
        if left < u64::MAX {
            self.cut.0.store(left - written as u64, Ordering::Release);
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
