//! What stands behind a router in tests, and who asks before it: servers that answer with a letter each, and clients
//! that keep their connections and see every request that is lost.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// An HTTP server that answers every request with one letter, and counts them. It ends when it is dropped.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
/// # runtime.block_on(async {
/// use phasegate_testkit::servers::{KeptAlive, Letters};
/// let server = Letters::start('c').await?;
/// let mut client = KeptAlive::connect(server.address().port()).await?;
/// assert_eq!((client.ask().await?, client.ask().await?), ('c', 'c'));
/// assert_eq!(server.asked(), 2);
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Debug)]
pub struct Letters {
    address: SocketAddr,
    asked: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Letters {
    /// A server on a free loopback port.
    ///
    /// # Errors
    /// If there is no port.
    pub async fn start(letter: char) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let asked = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, letter, Arc::clone(&count)));
            }
        });
        Ok(Self {
            address,
            asked,
            task,
        })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many requests it has had.
    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::Acquire)
    }
}

impl Drop for Letters {
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

/// A client that keeps its connection to a loopback port.
#[derive(Debug)]
pub struct KeptAlive(BufReader<TcpStream>);

impl KeptAlive {
    /// Connects.
    ///
    /// # Errors
    /// If nobody listens there.
    pub async fn connect(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        Ok(Self(BufReader::new(stream)))
    }

    /// The letter that answered one request.
    ///
    /// # Errors
    /// If anything comes but a complete answer with status 200.
    pub async fn ask(&mut self) -> io::Result<char> {
        let ask = b"GET / HTTP/1.1\r\nhost: shop\r\n\r\n";
        self.0.get_mut().write_all(ask).await?;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.0.read_line(&mut head).await? == 0 {
                return Err(io::Error::other(format!("the connection was cut: {head}")));
            }
        }
        if !head.starts_with("HTTP/1.1 200 ") {
            return Err(io::Error::other(head));
        }
        Ok(char::from(self.0.read_u8().await?))
    }
}
