//! The bodies of answers, the honest ones and those that do not keep what they promise.

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use hyper::{HeaderMap, Response, StatusCode, header};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A body.
#[derive(Debug)]
pub(crate) struct Reply {
    bytes: Option<Bytes>,
    /// Whether the connection is told how long the body is.
    announced: bool,
    then: Then,
}

/// What follows the bytes.
#[derive(Debug, Clone)]
pub(crate) enum Then {
    End,
    /// Nothing, while the connection stays.
    Silence,
    /// These, again and again.
    Forever(Bytes),
}

impl Reply {
    /// A body that is as long as it says.
    pub(crate) fn whole(bytes: impl Into<Bytes>) -> Self {
        Self { bytes: Some(bytes.into()), announced: true, then: Then::End }
    }

    /// A body whose length nobody is told, unless a header does.
    pub(crate) fn unannounced(bytes: impl Into<Bytes>, then: Then) -> Self {
        Self { bytes: Some(bytes.into()), announced: false, then }
    }

    /// How many bytes it has before it goes silent or on for ever.
    pub(crate) fn len(&self) -> u64 {
        self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)
    }
}

impl Body for Reply {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match (self.bytes.take(), &self.then) {
            (Some(bytes), _) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            (None, Then::End) => Poll::Ready(None),
            // Nobody wakes it: the connection ends when the client or the server does.
            (None, Then::Silence) => Poll::Pending,
            (None, Then::Forever(bytes)) => Poll::Ready(Some(Ok(Frame::data(bytes.clone())))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none() && matches!(self.then, Then::End)
    }

    fn size_hint(&self) -> SizeHint {
        if self.announced { SizeHint::with_exact(self.len()) } else { SizeHint::default() }
    }
}

/// An answer of GraphQL.
pub(crate) fn json(status: u16, gzip: bool, body: Vec<u8>) -> Response<Reply> {
    with_type(status, "application/json; charset=utf-8", gzip, Reply::whole(body))
}

/// A page for people.
pub(crate) fn html(status: u16, title: &str) -> Response<Reply> {
    let page = format!("<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>");
    with_type(status, "text/html; charset=utf-8", false, Reply::whole(page))
}

/// Plain words.
pub(crate) fn text(status: u16, words: &'static str) -> Response<Reply> {
    with_type(status, "text/plain", false, Reply::whole(words))
}

/// Any answer.
pub(crate) fn with_type(status: u16, content_type: &str, gzip: bool, body: Reply) -> Response<Reply> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    put(response.headers_mut(), header::CONTENT_TYPE, content_type);
    if gzip {
        put(response.headers_mut(), header::CONTENT_ENCODING, "gzip");
    }
    response
}

/// Puts a header on; one that cannot be written is left out.
pub(crate) fn put(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = value.parse() {
        headers.insert(name, value);
    }
}
