//! Helpers for channels and messages: sending, reading and listing as a person would.

use domain::channels::channel::{self, Channel};
use domain::channels::list::{self, Filter, Listed};
use domain::channels::members::{self, Member};
use domain::kernel::access::Actor;
use domain::kernel::error;
use domain::kernel::ids::{ChannelId, MessageId};
use domain::messages::editing;
use domain::messages::message::{self, Message, Window};
use domain::messages::sending::{self, Draft};

use super::Office;

impl Office {
    pub fn sends(&self, who: Actor, draft: &Draft) -> error::Result<Message> {
        let draft = draft.clone();
        self.write(move |tx| sending::send(tx, &who, &draft))
    }

    /// A new message from somebody who had everything up to `shown` on screen.
    pub fn draft(&self, channel: ChannelId, text: &str, shown: Option<i64>) -> Draft {
        Draft { id: self.message_id(), channel, text: text.to_string(), attachments: Vec::new(), shown }
    }

    pub fn posts(&self, who: Actor, channel: ChannelId, text: &str) -> Message {
        self.sends(who, &self.draft(channel, text, None)).expect("a message")
    }

    pub fn edits(&self, who: Actor, message: MessageId, text: &str) -> error::Result<Message> {
        let text = text.to_string();
        self.write(move |tx| editing::edit(tx, &who, message, &text))
    }

    pub fn deletes(&self, who: Actor, message: MessageId) -> error::Result<Message> {
        self.write(move |tx| editing::delete(tx, &who, message))
    }

    pub fn reads(&self, who: Actor, channel: ChannelId, position: i64) -> error::Result<i64> {
        self.write(move |tx| members::read_up_to(tx, &who, channel, position))
    }

    pub fn sees(&self, who: Actor, channel: ChannelId) -> error::Result<Channel> {
        self.read(move |reader| channel::find(reader, &who, channel))
    }

    pub fn unread(&self, who: Actor, channel: ChannelId) -> i64 {
        self.sees(who, channel).expect("a channel").unread
    }

    pub fn list(&self, who: Actor, filter: Filter) -> Vec<Listed> {
        self.read(move |reader| list::list(reader, &who, &filter, 100)).expect("a list")
    }

    pub fn titles(&self, who: Actor, filter: Filter) -> Vec<String> {
        self.list(who, filter).into_iter().map(|listed| listed.channel.title).collect()
    }

    pub fn page(
        &self,
        who: Actor,
        channel: ChannelId,
        stretch: Window,
        most: i64,
    ) -> error::Result<Vec<Message>> {
        self.read(move |reader| message::page(reader, &who, channel, stretch, most))
    }

    pub fn texts(&self, who: Actor, channel: ChannelId) -> Vec<String> {
        let page = self.page(who, channel, Window::Newest, 1000).expect("a page");
        page.into_iter().map(|message| message.text).collect()
    }

    pub fn members(&self, who: Actor, channel: ChannelId) -> Vec<Member> {
        self.read(move |reader| members::of_channel(reader, &who, channel)).expect("members")
    }

    pub fn member(&self, who: Actor, channel: ChannelId) -> Member {
        let all = self.members(who, channel);
        all.into_iter().find(|member| member.person == who.person).expect("a member")
    }
}
