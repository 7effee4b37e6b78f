//! The notifier: a connection, a message, its receipt.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::extension::ClientId;
use phasegate_core::{Capability, ChannelId};
use phasegate_provider::text::{one_line, plain};
use phasegate_provider::{
    Call, ErrorKind, Message, Notifier, Provider, ProviderError, Receipt, Sent,
};
use phasegate_tcp::BoundedStream;
use phasegate_tcp::tls::unconnected;
use tokio::time::timeout;

use crate::config::{MailConfig, Security};
use crate::failure::failure;
use crate::stream::{BYTES_MAX, Line};
use crate::trust::Trust;

/// The longest subject, in characters: what mail programs show of one.
const SUBJECT_CHARS_MAX: usize = 200;
/// The longest body, in characters.
const BODY_CHARS_MAX: usize = 100_000;

/// Sends messages as e-mail. Its futures must be polled inside a tokio runtime with time and network.
#[derive(Clone)]
pub struct Mail {
    config: MailConfig,
    from: Mailbox,
    channels: BTreeMap<ChannelId, Vec<Mailbox>>,
    trust: Trust,
}

impl Mail {
    /// A notifier. Nothing is connected yet.
    ///
    /// # Errors
    /// [`Misuse`](ErrorKind::Misuse): an address or a certificate cannot be read, a channel has no address, a user has no
    /// password, or the way to another machine is not kept from others.
    pub fn new(config: MailConfig) -> Result<Self, ProviderError> {
        let misuse = |why: String| ProviderError::misuse(format!("mail by {}: {why}", config.host));
        let read = |text: &String| {
            let mailbox = text.parse::<Mailbox>().ok();
            mailbox.ok_or_else(|| misuse(format!("'{}' is no address", one_line(text, 80))))
        };
        let mut channels = BTreeMap::new();
        for (name, addresses) in &config.channels {
            let addresses: Vec<Mailbox> = addresses.iter().map(read).collect::<Result<_, _>>()?;
            if addresses.is_empty() {
                return Err(misuse(format!("channel {name} has no address")));
            }
            channels.insert(name.clone(), addresses);
        }
        if config.user.is_some() != config.password.is_some() {
            return Err(misuse(
                "a user needs a password, and a password a user".to_owned(),
            ));
        }
        let local = ["localhost", "127.0.0.1", "::1"].contains(&config.host.as_str());
        if config.security == Security::Plain && !local {
            return Err(misuse("without TLS only to this machine".to_owned()));
        }
        let from = read(&config.from)?;
        Ok(Self {
            from,
            channels,
            trust: Trust::new(&config)?,
            config,
        })
    }

    /// The message as it goes over the wire. Its id stays the same for the same effect, so that whoever gets it twice can
    /// see so.
    fn written(
        &self,
        message: &Message,
        to: &[Mailbox],
        call: &Call,
    ) -> Result<lettre::Message, lettre::error::Error> {
        let key = call.key.as_ref().map(|key| key.as_str().to_owned());
        let id = key.unwrap_or_else(|| message.digest());
        let id: String = id
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '-' {
                    c
                } else {
                    '.'
                }
            })
            .collect();
        let millis = u64::try_from(call.at.as_unix_millis()).unwrap_or_default();
        let begun = lettre::Message::builder().from(self.from.clone());
        to.iter()
            .fold(begun, |begun, to| begun.to(to.clone()))
            .subject(one_line(&message.subject, SUBJECT_CHARS_MAX))
            .date(SystemTime::UNIX_EPOCH + Duration::from_millis(millis))
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .header(ContentType::TEXT_PLAIN)
            .body(plain(&message.body, BODY_CHARS_MAX))
    }

    /// A connection on which a message can be sent.
    async fn connected(&self, act: &str) -> Result<AsyncSmtpConnection, ProviderError> {
        let hello = ClientId::Domain(self.config.hello.clone());
        let broken = |error: std::io::Error| unconnected(act, error);
        let stream = BoundedStream::connect(&self.config.host, self.config.port, BYTES_MAX).await;
        let stream = stream.map_err(broken)?;
        let line = match self.config.security {
            Security::Plain | Security::StartTls => Line::Plain(stream),
            Security::Tls => {
                let connecting = self.trust.tls.connect(stream);
                Line::Tls(Box::new(connecting.await.map_err(broken)?))
            }
        };
        let failed = |error: lettre::transport::smtp::Error| failure(&error, Sent::Nothing, act);
        let connecting = AsyncSmtpConnection::connect_with_transport(Box::new(line), &hello);
        let mut connection = connecting.await.map_err(failed)?;
        if self.config.security == Security::StartTls {
            let starting = connection.starttls(self.trust.starttls.clone(), &hello);
            starting.await.map_err(failed)?;
        }
        if let (Some(user), Some(password)) = (&self.config.user, &self.config.password) {
            let password = password.resolve_for(act)?;
            let credentials = Credentials::new(user.clone(), password.expose().to_owned());
            let asking = connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials);
            asking.await.map_err(failed)?;
        }
        Ok(connection)
    }
}

/// How long is waited for the answer to a farewell.
const FAREWELL_WITHIN: Duration = Duration::from_secs(1);

/// Without what it trusts, which is long.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl Provider for Mail {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::new()
    }
}

#[async_trait]
impl Notifier for Mail {
    async fn send(&self, message: &Message, call: &Call) -> Result<Receipt, ProviderError> {
        let act = &format!("mail to channel {}", message.channel);
        let Some(to) = self.channels.get(&message.channel) else {
            return Err(ProviderError::misuse(format!("{act}: no such channel")));
        };
        let written = self
            .written(message, to, call)
            .map_err(|error| ProviderError::misuse(format!("{act}: {error}")).with_source(error))?;
        let (mut sent, deadline) = (Sent::Nothing, call.deadline.to_duration());
        let sending = async {
            let mut connection = self.connected(act).await?;
            sent = Sent::Maybe;
            let answer = connection
                .send(written.envelope(), &written.formatted())
                .await;
            let answer = answer.map_err(|error| failure(&error, Sent::Maybe, act))?;
            let said = one_line(&answer.message().collect::<Vec<_>>().join(" "), 100);
            Ok::<_, ProviderError>((connection, format!("{} {said}", answer.code())))
        };
        let begun = Instant::now();
        let Ok(done) = timeout(deadline, sending).await else {
            let told = format!("{act}: no answer in time");
            return Err(ProviderError::new(ErrorKind::Timeout, sent, told));
        };
        let (mut connection, receipt) = done?;
        // The server has it, whatever becomes of the farewell.
        let left = deadline.saturating_sub(begun.elapsed());
        let _farewell = timeout(left.min(FAREWELL_WITHIN), connection.quit()).await;
        Ok(Receipt::new(receipt))
    }
}
