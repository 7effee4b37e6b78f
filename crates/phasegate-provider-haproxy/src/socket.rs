//! One exchange with the runtime API: connect, one line, everything until the other side closes.

use std::io;

use phasegate_core::Span;
use phasegate_provider::{Call, ErrorKind, ProviderError, Sent};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use crate::Socket;

/// The longest answer: a backend of some thousand servers.
const ANSWER_BYTES_MAX: u64 = 1 << 20;

/// Sends a line and reads the answer, within the call's deadline and `within`.
pub(crate) async fn exchange(
    socket: &Socket,
    line: &str,
    within: Span,
    call: &Call,
    act: &str,
) -> Result<String, ProviderError> {
    let within = within.min(call.deadline);
    if within.is_zero() {
        let told = format!("{act}: there is no time left");
        return Err(ProviderError::new(ErrorKind::Rejected, Sent::Nothing, told));
    }
    let mut sent = Sent::Nothing;
    match timeout(within.to_duration(), spoken(socket, line, &mut sent)).await {
        Ok(Ok(answer)) => text(answer, act),
        Ok(Err(error)) => {
            let kind = if error.kind() == io::ErrorKind::PermissionDenied {
                ErrorKind::Denied
            } else {
                ErrorKind::Unavailable
            };
            let told = format!("{act}: {error}");
            Err(ProviderError::new(kind, sent, told).with_source(error))
        }
        Err(_) => {
            let told = format!("{act}: no answer in {within}");
            Err(ProviderError::new(ErrorKind::Timeout, sent, told))
        }
    }
}

async fn spoken(socket: &Socket, line: &str, sent: &mut Sent) -> io::Result<Vec<u8>> {
    match socket {
        Socket::Tcp(address) => {
            let stream = TcpStream::connect(address.as_str()).await?;
            *sent = Sent::Maybe;
            talk(stream, line).await
        }
        Socket::Unix(path) => {
            let stream = UnixStream::connect(path).await?;
            *sent = Sent::Maybe;
            talk(stream, line).await
        }
    }
}

async fn talk<S>(mut stream: S, line: &str) -> io::Result<Vec<u8>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.write_all(line.as_bytes()).await?;
    let mut answer = Vec::new();
    stream
        .take(ANSWER_BYTES_MAX + 1)
        .read_to_end(&mut answer)
        .await?;
    Ok(answer)
}

fn text(answer: Vec<u8>, act: &str) -> Result<String, ProviderError> {
    if u64::try_from(answer.len()).is_ok_and(|length| length > ANSWER_BYTES_MAX) {
        let told = format!("{act}: the answer is longer than {ANSWER_BYTES_MAX} bytes");
        return Err(ProviderError::invalid(told));
    }
    // A closed connection without an answer says nothing about the command.
    if answer.is_empty() {
        let told = format!("{act}: closed without an answer");
        return Err(ProviderError::new(
            ErrorKind::Unavailable,
            Sent::Maybe,
            told,
        ));
    }
    String::from_utf8(answer).map_err(|error| {
        ProviderError::invalid(format!("{act}: the answer is no text")).with_source(error)
    })
}
