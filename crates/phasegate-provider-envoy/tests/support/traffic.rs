//! What answers behind Envoy, and who asks before it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Answers every request with one letter, and counts them. Ends when dropped.
#[derive(Debug)]
pub(crate) struct Backend {
    pub(crate) address: SocketAddr,
    asked: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Backend {
    pub(crate) async fn start(letter: char) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let asked = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, letter, Arc::clone(&count)));
            }
        });
        Self {
            address,
            asked,
            task,
        }
    }

    /// How many requests it has had.
    pub(crate) fn asked(&self) -> u64 {
        self.asked.load(Ordering::Acquire)
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(stream: TcpStream, letter: char, asked: Arc<AtomicU64>) {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while stream.read_line(&mut line).await.is_ok_and(|read| read > 0) {
        if line == "\r\n" {
            asked.fetch_add(1, Ordering::AcqRel);
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n{letter}");
            if stream.get_mut().write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
        line.clear();
    }
}

/// A client that keeps its connection.
#[derive(Debug)]
pub(crate) struct Client(BufReader<TcpStream>);

impl Client {
    pub(crate) async fn connect(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).await;
        Self(BufReader::new(stream.expect("a connection")))
    }

    /// Which server answered one request. Anything but a complete 200 is a failure of the test.
    pub(crate) async fn ask(&mut self) -> char {
        let ask = b"GET / HTTP/1.1\r\nhost: shop\r\n\r\n";
        self.0.get_mut().write_all(ask).await.expect("sent");
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let read = self.0.read_line(&mut head).await.expect("an answer");
            assert!(read > 0, "the connection was cut: {head}");
        }
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        let letter = self.0.read_u8().await.expect("a body");
        char::from(letter)
    }
}
