//! One direction of a connection: what is read is stamped, waits for as long as the fault says, and is written.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use crate::active::Seen;
use crate::config::Fault;

/// The most that is read at once, in bytes.
const CHUNK_BYTES: usize = 16 << 10;
/// How many such pieces may wait: 1 MiB in each direction, as much as 80 Mbit/s need at a latency of 100 ms. With
/// more under way, a latency also limits the rate, as on a real line.
const CHUNKS_MAX: usize = 64;
/// At a limited rate so much time's worth is written at once.
const SLICE: Duration = Duration::from_millis(50);

/// Which direction.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Way {
    /// To the other side.
    There,
    /// What it answers.
    Back,
}

/// What was read, and when.
type Chunk = (Instant, Vec<u8>);

/// Moves all bytes of a direction, until its end has been passed on.
///
/// # Errors
/// When a side breaks off, or an answer was lost and cannot be given back.
pub(crate) async fn pass(
    way: Way,
    mut from: ReadHalf<'_>,
    to: WriteHalf<'_>,
    seen: Seen,
) -> io::Result<()> {
    let (chunks, waiting) = mpsc::channel(CHUNKS_MAX);
    let reading = async move {
        loop {
            let mut chunk = vec![0; CHUNK_BYTES];
            let read = from.read(&mut chunk).await?;
            chunk.truncate(read);
            if read == 0 || chunks.send((Instant::now(), chunk)).await.is_err() {
                return Ok(());
            }
        }
    };
    let writer = Writer {
        way,
        to,
        seen,
        has_lost: false,
    };
    tokio::try_join!(reading, writer.run(waiting)).map(|_| ())
}

struct Writer<'a> {
    way: Way,
    to: WriteHalf<'a>,
    seen: Seen,
    /// Has something been lost that cannot be given back?
    has_lost: bool,
}

impl Writer<'_> {
    async fn run(mut self, mut waiting: mpsc::Receiver<Chunk>) -> io::Result<()> {
        loop {
            if self.has_lost && self.seen.fault() != Some(Fault::LoseResponse) {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            let chunk = tokio::select! {
                chunk = waiting.recv() => chunk,
                () = self.seen.changed() => continue,
            };
            let Some((read, chunk)) = chunk else { break };
            if self.may_pass(read).await {
                self.write(&chunk).await?;
            } else {
                self.has_lost = true;
            }
        }
        // The end waits as everything else does, and one that follows something lost is lost too.
        while !self.may_pass(Instant::now()).await {
            self.has_lost = true;
            self.seen.changed().await;
        }
        if self.has_lost {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        self.to.shutdown().await
    }

    /// Waits until something that was read then may pass; no if it is to be lost.
    async fn may_pass(&mut self, read: Instant) -> bool {
        loop {
            match self.seen.fault() {
                Some(Fault::Drop) => self.seen.changed().await,
                Some(Fault::Latency(by)) if self.way == Way::Back => {
                    let due = read + by.to_duration();
                    if Instant::now() >= due {
                        return true;
                    }
                    tokio::select! {
                        () = sleep_until(due) => return true,
                        () = self.seen.changed() => {}
                    }
                }
                Some(Fault::LoseResponse) if self.way == Way::Back => return false,
                // The connection is about to be reset.
                Some(Fault::Reset) => self.seen.changed().await,
                None | Some(Fault::Latency(_) | Fault::LoseResponse | Fault::RateLimit(_)) => {
                    return true;
                }
            }
        }
    }

    /// Writes as fast as it may, piece by piece where there is a limit.
    async fn write(&mut self, mut left: &[u8]) -> io::Result<()> {
        while !left.is_empty() {
            let Some(Fault::RateLimit(rate)) = self.seen.fault() else {
                return self.to.write_all(left).await;
            };
            let rate = f64::from(rate.get());
            let piece = pieces(rate * SLICE.as_secs_f64()).min(left.len());
            let (now, rest) = left.split_at(piece);
            self.to.write_all(now).await?;
            left = rest;
            let bytes = u32::try_from(piece).unwrap_or(u32::MAX);
            let pause = sleep(Duration::from_secs_f64(f64::from(bytes) / rate));
            tokio::select! {
                () = pause => {}
                () = self.seen.changed() => {}
            }
        }
        Ok(())
    }
}

/// So many bytes, one at least.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a twentieth of a u32, and no less than one"
)]
fn pieces(bytes: f64) -> usize {
    bytes.max(1.0) as usize
}
