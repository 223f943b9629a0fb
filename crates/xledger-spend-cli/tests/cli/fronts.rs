//! What stands between the program and Xledger in some networks: TLS with a company's own certificates, and a proxy.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// A company's own CA.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut ca = CertificateParams::new(Vec::new()).unwrap();
        ca.distinguished_name.push(DnType::CommonName, name);
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(ca, KeyPair::generate().unwrap()).unwrap())
    }

    /// Writes the CA's certificate as a file, and says where.
    pub(crate) fn file(&self, directory: &Path) -> String {
        let file = directory.join("ca.pem");
        std::fs::write(&file, self.0.pem()).unwrap();
        file.display().to_string()
    }

    /// A certificate for a name, good in these years.
    pub(crate) fn certificate(&self, name: &str, years: std::ops::Range<i32>) -> TlsAcceptor {
        let mut leaf = CertificateParams::new([name.to_owned()]).unwrap();
        (leaf.not_before, leaf.not_after) = (date_time_ymd(years.start, 1, 1), date_time_ymd(years.end, 1, 1));
        let key = KeyPair::generate().unwrap();
        let certificate = leaf.signed_by(&key, &self.0).unwrap();
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate.into()], key);
        TlsAcceptor::from(Arc::new(config.unwrap()))
    }
}

/// Years that hold today.
pub(crate) const GOOD: std::ops::Range<i32> = 2020..2100;

/// Listens at a free port of this address, and hands every connection to `meet`; ends with the runtime.
fn listen<M, F>(runtime: &Runtime, address: &str, meet: M) -> SocketAddr
where
    M: Fn(TcpStream) -> F + Send + 'static,
    F: Future<Output = std::io::Result<()>> + Send + 'static,
{
    let listener = runtime.block_on(TcpListener::bind((address, 0))).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            // A connection that breaks is the client's to tell.
            tokio::spawn(meet(connection));
        }
    });
    address
}

/// Ends TLS in front of a server that speaks without.
pub(crate) fn tls(runtime: &Runtime, address: &str, acceptor: TlsAcceptor, to: SocketAddr) -> SocketAddr {
    listen(runtime, address, move |connection| {
        let acceptor = acceptor.clone();
        async move {
            let mut connection = acceptor.accept(connection).await?;
            tokio::io::copy_bidirectional(&mut connection, &mut TcpStream::connect(to).await?).await.map(drop)
        }
    })
}

/// Hands on what a server answers, with one text of it put in another's place; both are of one length.
pub(crate) fn replaced(runtime: &Runtime, to: SocketAddr, text: &'static str, by: &'static str) -> SocketAddr {
    assert_eq!(text.len(), by.len());
    listen(runtime, "127.0.0.1", move |connection| async move {
        let (mut asking, mut hearing) = connection.into_split();
        let (mut answering, mut asked) = TcpStream::connect(to).await?.into_split();
        tokio::spawn(async move { tokio::io::copy(&mut asking, &mut asked).await });
        let mut bytes = Vec::new();
        while answering.read_buf(&mut bytes).await? > 0 {
            while let Some(at) = bytes.windows(text.len()).position(|window| window == text.as_bytes()) {
                bytes[at..at + text.len()].copy_from_slice(by.as_bytes());
            }
            // The end may be the beginning of the text.
            let told = if bytes.ends_with(b"}") || bytes.ends_with(b"\r\n") {
                bytes.len()
            } else {
                bytes.len().saturating_sub(text.len())
            };
            hearing.write_all(&bytes[..told]).await?;
            bytes.drain(..told);
        }
        hearing.write_all(&bytes).await
    })
}

/// A proxy, which connects to one server whatever name is asked for, or refuses.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    /// Everything that clients sent it.
    sent: Arc<Mutex<Vec<u8>>>,
}

impl Proxy {
    /// One that answers with this status line; with 200 it goes on to `to`.
    pub(crate) fn start(runtime: &Runtime, status: &'static str, to: SocketAddr) -> Self {
        let sent = Arc::<Mutex<Vec<u8>>>::default();
        let noted = Arc::clone(&sent);
        let address = listen(runtime, "127.0.0.1", move |mut client| {
            let noted = Arc::clone(&noted);
            async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(client.read_u8().await?);
                }
                noted.lock().unwrap().extend_from_slice(&head);
                client.write_all(format!("HTTP/1.1 {status}\r\n\r\n").as_bytes()).await?;
                if !status.starts_with("200") {
                    return client.shutdown().await;
                }
                tunnel(client, TcpStream::connect(to).await?, noted).await
            }
        });
        Self { address, sent }
    }

    /// What clients sent it, in clear and in cipher.
    pub(crate) fn sent(&self) -> String {
        String::from_utf8_lossy(&self.sent.lock().unwrap()).into_owned()
    }

    /// The first lines of the requests.
    pub(crate) fn requests(&self) -> Vec<String> {
        let sent = self.sent();
        let lines = sent.split("\r\n").filter_map(|line| line.strip_suffix(" HTTP/1.1"));
        lines.filter_map(|line| line.find("CONNECT ").map(|at| line[at..].to_owned())).collect()
    }
}

async fn tunnel(
    client: impl AsyncRead + AsyncWrite + Send + 'static,
    server: TcpStream,
    noted: Arc<Mutex<Vec<u8>>>,
) -> std::io::Result<()> {
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (mut from_server, mut to_server) = server.into_split();
    let answers = tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
    let mut bytes = [0; 8 << 10];
    loop {
        let count = from_client.read(&mut bytes).await?;
        if count == 0 {
            to_server.shutdown().await?;
            return answers.await?.map(drop);
        }
        noted.lock().unwrap().extend_from_slice(&bytes[..count]);
        to_server.write_all(&bytes[..count]).await?;
    }
}
