//! A server that does what servers should not. One connection, one request, one answer by its path.
//!
//! Adapters choose their own paths, so a server can also be told to misbehave in one way whatever is asked:
//! [`Hostile::always`].

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

/// The ways in which the server misbehaves, as paths of [`Hostile::always`]: each must lead an adapter to a
/// typed error, in bounded time and memory. `/json?…` answers with the rest as JSON, `/text?…` with the same as
/// HTML.
pub const MISBEHAVIOURS: [&str; 18] = [
    "/bomb",
    "/claims",
    "/close",
    "/drip",
    "/endless",
    "/garbage",
    "/hang",
    "/headers",
    "/json?{",
    "/json?null",
    "/json?[[[[[[[[1",
    "/not-gzip",
    "/short",
    "/silent",
    "/status?429",
    "/status?500",
    "/status?503",
    "/text?<html>nothing here</html>",
];

/// A misbehaving server on a free loopback port. It ends when it is dropped.
#[derive(Debug)]
pub struct Hostile {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Hostile {
    /// A server that behaves as the path of each request says: `/hang`, `/status?429`, `/to?URL`, …
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn start() -> io::Result<Self> {
        Self::serve(None).await
    }

    /// A server that behaves as this path says, whatever it is asked.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn always(target: &str) -> io::Result<Self> {
        Self::serve(Some(Arc::from(target))).await
    }

    async fn serve(target: Option<Arc<str>>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heads = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (heads, target) = (Arc::clone(&heads), target.clone());
                connections.spawn(async move { answer(stream, &heads, target.as_deref()).await });
            }
        });
        Ok(Self {
            address,
            asked,
            task,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The heads of all requests so far.
    pub fn asked(&self) -> Vec<String> {
        lock(&self.asked).clone()
    }
}

fn lock(heads: &Mutex<Vec<String>>) -> MutexGuard<'_, Vec<String>> {
    heads.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads a head, keeps it, and answers as `target` says, or as the request's own. For servers that bring
/// their own streams (TLS). Errors are the other side's doing: it may well hang up on us.
pub async fn answer<S>(mut stream: S, heads: &Mutex<Vec<String>>, target: Option<&str>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    // What is said of a body is read, or hanging up would take the answer with it.
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.trim().parse::<usize>().ok())?
    });
    let mut body = vec![0; length.unwrap_or(0).min(BODY_BYTES_MAX)];
    if stream.read_exact(&mut body).await.is_err() {
        return;
    }
    let own = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let target = target.unwrap_or(&own).to_owned();
    lock(heads).push(head);
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    drop(misbehave(&mut stream, path, query).await);
}

/// The most bytes of a request's body that are read.
const BODY_BYTES_MAX: usize = 1 << 20;

#[expect(clippy::too_many_lines, reason = "a list of misbehaviours")]
async fn misbehave<S: AsyncWrite + Unpin>(
    stream: &mut S,
    path: &str,
    query: &str,
) -> io::Result<()> {
    let head = "HTTP/1.1 200 OK\r\n";
    match path {
        "/close" => {}
        "/garbage" => stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n\r\n").await?,
        "/hang" => std::future::pending::<()>().await,
        "/silent" => {
            let begun = format!("{head}content-length: 9\r\n\r\nbeg");
            stream.write_all(begun.as_bytes()).await?;
            std::future::pending::<()>().await;
        }
        "/drip" => {
            stream
                .write_all(format!("{head}content-length: 99999\r\n\r\n").as_bytes())
                .await?;
            loop {
                stream.write_all(b"x").await?;
                stream.flush().await?;
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        "/short" => {
            stream
                .write_all(format!("{head}content-length: 100\r\n\r\nshort").as_bytes())
                .await?;
        }
        "/endless" => {
            stream
                .write_all(format!("{head}transfer-encoding: chunked\r\n\r\n").as_bytes())
                .await?;
            let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
            loop {
                stream.write_all(chunk.as_bytes()).await?;
            }
        }
        "/claims" => {
            let claim = format!("{head}content-length: 999999999999\r\n\r\n");
            stream.write_all(claim.as_bytes()).await?;
            loop {
                stream.write_all(&[b'x'; 0x10000]).await?;
            }
        }
        "/bomb" | "/not-gzip" => {
            let body = if path == "/bomb" {
                bomb()
            } else {
                b"not gzip at all".to_vec()
            };
            let length = body.len();
            let coded = format!("{head}content-encoding: gzip\r\ncontent-length: {length}\r\n\r\n");
            stream.write_all(coded.as_bytes()).await?;
            stream.write_all(&body).await?;
        }
        "/headers" => {
            stream.write_all(head.as_bytes()).await?;
            for n in 0..10_000 {
                let some = format!("x-{n}: {n}\r\n").repeat(100);
                stream.write_all(some.as_bytes()).await?;
            }
        }
        "/status" => {
            let line = format!("HTTP/1.1 {query} X\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(line.as_bytes()).await?;
        }
        "/to" => {
            let to =
                format!("HTTP/1.1 302 Found\r\nlocation: {query}\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(to.as_bytes()).await?;
        }
        "/json" | "/text" => {
            let length = query.len();
            let kind = if path == "/json" {
                "application/json"
            } else {
                "text/html"
            };
            let told =
                format!("{head}content-type: {kind}\r\ncontent-length: {length}\r\n\r\n{query}");
            stream.write_all(told.as_bytes()).await?;
        }
        _ => {
            let fine = format!("{head}content-type: text/plain\r\ncontent-length: 4\r\n\r\nfine");
            stream.write_all(fine.as_bytes()).await?;
        }
    }
    stream.flush().await?;
    stream.shutdown().await
}

/// 64 MiB of nothing in 64 KiB.
fn bomb() -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let zeros = vec![0; 1 << 20];
    // Writing into memory does not fail.
    for _ in 0..64 {
        drop(encoder.write_all(&zeros));
    }
    encoder.finish().unwrap_or_default()
}
