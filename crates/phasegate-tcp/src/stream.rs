//! A connection that gives up on a server which says too much.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A TCP connection from which so many bytes can be read and no more.
#[derive(Debug)]
pub struct BoundedStream {
    stream: TcpStream,
    left: usize,
}

impl BoundedStream {
    /// Connects to a host from which at most `bytes_max` are read. Reading more is an error of the kind
    /// [`InvalidData`](io::ErrorKind::InvalidData).
    ///
    /// Takes as long as the system lets it: put a time limit over it. Dropping the future gives the connection up.
    ///
    /// # Errors
    /// When the name is unknown or nobody listens there.
    pub async fn connect(host: &str, port: u16, bytes_max: usize) -> io::Result<Self> {
        let stream = TcpStream::connect((host, port)).await?;
        Ok(Self {
            stream,
            left: bytes_max,
        })
    }
}

impl AsyncRead for BoundedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, into))?;
        let read = into.filled().len().saturating_sub(before);
        let Some(left) = self.left.checked_sub(read) else {
            // With an error nothing counts as read, now and later.
            into.set_filled(before);
            self.left = 0;
            let why = "the other side said more than it may";
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, why)));
        };
        self.left = left;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for BoundedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn exactly_what_may_be_said_is_read() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        for (said, fits) in [(0, true), (99, true), (100, true), (101, false)] {
            let connected = BoundedStream::connect("127.0.0.1", port, 100).await;
            let mut stream = connected.expect("connected");
            let (mut other, _) = listener.accept().await.expect("accepted");
            other.write_all(&vec![7; said]).await.expect("written");
            drop(other);
            let mut read = Vec::new();
            let outcome = stream.read_to_end(&mut read).await;
            match outcome {
                Ok(length) => assert!(fits && length == said, "{said}"),
                Err(error) => {
                    assert!(!fits, "{said}: {error}");
                    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
                }
            }
        }
    }
}
