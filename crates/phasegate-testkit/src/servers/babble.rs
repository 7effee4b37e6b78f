//! A server that says the same bytes to everybody, for protocols other than HTTP.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

/// What it does after its first words.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "tests choose one")]
pub enum Then {
    /// It closes the connection.
    Close,
    /// It says them again, without end.
    Repeat,
    /// It listens and says nothing more.
    Silence,
}

/// Answers whatever it is told on a free loopback port with these bytes; which port that is. Ends with the process.
///
/// # Errors
/// If there is no free port.
pub fn babble(says: &'static [u8], then: Then) -> io::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream, says, then));
        }
    });
    Ok(port)
}

fn answer(mut stream: TcpStream, says: &[u8], then: Then) {
    let mut told = [0; 4096];
    let mut open = stream.read(&mut told).is_ok() && stream.write_all(says).is_ok();
    while open {
        open = match then {
            Then::Close => false,
            Then::Repeat => stream.write_all(says).is_ok(),
            Then::Silence => stream.read(&mut told).is_ok_and(|read| read > 0),
        };
    }
}
