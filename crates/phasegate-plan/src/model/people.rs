//! People and how they are reached: roles, channels, messages.

use phasegate_core::{BindingId, ChannelId, PersonId, RoleId};

use super::MessageId;
use crate::form::record;

record! {
    /// What people act as when they approve, attest or are told.
    pub struct PlanRole {
        /// Its name.
        need id: RoleId,
        /// What it is, for people.
        may title: String,
        /// Who has it.
        list members: PersonId,
    }
}

record! {
    /// A place that messages go to.
    pub struct Channel {
        /// Its name.
        need id: ChannelId,
        /// Which binding carries the messages.
        need binding: BindingId,
        /// What it is, for people.
        may title: String,
        /// Where in the other system: `#rollouts`, an address. Its adapter knows the form.
        may address: String,
    }
}

record! {
    /// A message template. `{{phase}}` and other variables in double braces are filled in.
    pub struct Message {
        /// Its name.
        need id: MessageId,
        /// One line.
        need subject: String,
        /// The text.
        or body: String = String::new(),
    }
}
