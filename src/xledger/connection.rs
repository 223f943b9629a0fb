//! How Xledger is reached; and why a connection cannot be made or breaks, in words that name what stands between: certificates to trust, and a
//! proxy.

use hyper_util::client::proxy::matcher::Matcher;
use secrecy::SecretString;
use tokio::time::Instant;

use super::error::Error;
use crate::model::failure::with_causes;
use crate::model::value;

/// How to reach Xledger.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The GraphQL address.
    pub endpoint: reqwest::Url,
    /// The API token.
    pub token: SecretString,
    /// Requests at once, at most.
    pub max_in_flight: usize,
    /// No request and no wait goes beyond this.
    pub deadline: Instant,
    /// Tells the time.
    pub clock: fn() -> value::Instant,
    /// How many times faster than in life every wait is, and every timeout that stays long enough for a machine: 1, but for tests.
    pub tempo: f64,
}

/// Whether an address is this machine's own.
pub fn is_this_machine(endpoint: &reqwest::Url) -> bool {
    matches!(endpoint.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"))
}

/// How a company's own CA comes to be trusted.
const TRUST: &str =
    "SSL_CERT_FILE must name a file with every certificate to trust (docs/setup.md, \"Behind a proxy\")";

/// What an error of the connection to this endpoint means. Certificates and a proxy's demands are not cured by asking again.
pub(super) fn explain(endpoint: &reqwest::Url, error: &reqwest::Error) -> Error {
    let not_allowed = |what| Error::ConnectionNotAllowed { endpoint: endpoint.to_string(), what };
    let unreachable = |what| Error::Unreachable { endpoint: endpoint.to_string(), what };
    if error.is_timeout() {
        return unreachable("no answer in time".to_owned());
    }
    let what = with_causes(error);
    if what.contains("No CA certificates were loaded") {
        return not_allowed(format!("there are no certificates to trust on this machine; {TRUST}"));
    }
    if let Some((_, certificate)) = what.split_once("invalid peer certificate: ") {
        return not_allowed(match certificate {
            // The latter is what a CA looks like that has the name of a known one, but another key.
            "UnknownIssuer" | "BadSignature" => format!(
                "its certificate is not trusted, for nobody who is known here signed it; if your company's own CA did, {TRUST}"
            ),
            other => format!("its certificate is not trusted: {}", other.chars().take(300).collect::<String>()),
        });
    }
    match proxy_of(endpoint).filter(|_| error.is_connect()) {
        Some(proxy) if what.contains("proxy authorization required") => not_allowed(format!(
            "the proxy {proxy} asks for a user name and a password, or does not take those in HTTPS_PROXY"
        )),
        Some(proxy) => unreachable(format!("the proxy {proxy} gives no way through: {what}")),
        None => unreachable(what),
    }
}

/// Host and port of the proxy that the environment names for an address: never the user name and the password.
fn proxy_of(endpoint: &reqwest::Url) -> Option<String> {
    if is_this_machine(endpoint) {
        return None;
    }
    let address = endpoint.as_str().parse().ok()?;
    let proxy = Matcher::from_system().intercept(&address)?;
    let host = proxy.uri().host()?;
    Some(proxy.uri().port_u16().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}
