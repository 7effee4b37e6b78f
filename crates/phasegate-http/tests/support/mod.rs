//! A server that does what servers should not. One connection, one request, one answer by its path.
#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::expect_used,
    clippy::too_many_lines,
    reason = "shared by test binaries that each use a part"
)]

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub(crate) struct Hostile {
    pub(crate) address: SocketAddr,
    /// The heads of all requests.
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Hostile {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heads = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&heads)));
            }
        });
        Self {
            address,
            asked,
            task,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no panic").clone()
    }
}

/// Reads a head and answers. Errors are the other side's doing: it may well hang up on us.
pub(crate) async fn answer<S>(mut stream: S, heads: Arc<Mutex<Vec<String>>>)
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
    let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
    heads.lock().expect("no panic").push(head);
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    drop(misbehave(&mut stream, path, query).await);
}

async fn misbehave<S: AsyncWrite + Unpin>(
    stream: &mut S,
    path: &str,
    query: &str,
) -> std::io::Result<()> {
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
            for n in 0..1_000_000 {
                stream
                    .write_all(format!("x-{n}: {n}\r\n").as_bytes())
                    .await?;
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
    for _ in 0..64 {
        encoder.write_all(&vec![0; 1 << 20]).expect("memory");
    }
    encoder.finish().expect("memory")
}
