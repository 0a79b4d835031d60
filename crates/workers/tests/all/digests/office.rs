//! An office whose people miss things: a firm on either engine, its scheduler and its sender of mails, at a time that a test
//! turns.

use std::sync::Arc;
use std::time::Duration;

use domain::administration;
use domain::administration::clients::{self, ClientInput};
use domain::administration::deactivation;
use domain::administration::set_up::{self, SetUp};
use domain::administration::team::{self, InternalInput};
use domain::arrival::invitations;
use domain::channels::members;
use domain::channels::starting::{self, Subject};
use domain::directory::person;
use domain::files::blobs::ReceivedBlob;
use domain::files::uploads::{self, NewUpload, Purpose, StorageLimits};
use domain::kernel::access::{self, Actor, Role};
use domain::kernel::ids::{BlobId, ChannelId, CompanyId, MessageId, PersonId, WorkspaceId};
use domain::kernel::medium::Frequency;
use domain::kernel::{error, secrets};
use domain::messages::attachments::Attached;
use domain::messages::editing;
use domain::messages::message::Message;
use domain::messages::sending::{self, Draft};
use domain::notify::delivery_status::{self, RecipientStatus};
use domain::notify::digest_part::DeliveryState;
use domain::notify::{deliveries, due, muting, preferences};
use outbound::mail::{Mail, Mailer, Memory};
use outbound::text::Texter;
use store::{Clock, Migration, Reader, Store, Time, Tx};
use testing::{Database, Place};
use workers::{DeliveryWorker, DigestScheduler};

/// Runs each test on both engines.
#[macro_export]
macro_rules! both_engines {
    ($($tests:tt)*) => {
        testing::both_engines! { $crate::digests::office::Office; $($tests)* }
    };
}

/// Monday 5 January 2026, 09:00 UTC: when every test begins.
pub const MORNING: Time = Time(1_767_603_600_000);
pub const PORTAL: &str = "https://portal.example";

pub struct Office {
    pub store: Store,
    pub mails: Memory,
    pub texts: outbound::text::Memory,
    pub worker: DeliveryWorker,
    pub scheduler: DigestScheduler,
    pub workspace: WorkspaceId,
    pub ada: Actor,
    runtime: tokio::runtime::Runtime,
    _database: Database,
}

impl Place for Office {
    const MIGRATIONS: &'static [Migration] = domain::MIGRATIONS;

    fn on(database: Database) -> Office {
        let store =
            Store::open(database.setting(), Clock::simulated(MORNING), domain::MIGRATIONS).expect("a store");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let given = SetUp {
            brand: "Harbor & Lee".to_string(),
            given_name: "Ada".to_string(),
            family_name: "Admin".to_string(),
            email: "ada@firm.example".to_string(),
        };
        let set_up = store.write(move |tx| set_up::set_up(tx, None, &given));
        let (workspace, person) = runtime.block_on(set_up).expect("a firm");
        let mails = Memory::default();
        let mailer = Arc::new(Mailer::from(mails.clone()));
        let texts = outbound::text::Memory::default();
        let texter = Arc::new(Texter::Memory(texts.clone()));
        let worker =
            DeliveryWorker::new(store.clone(), mailer, texter, PORTAL, "notifications@portal.example");
        let scheduler = DigestScheduler::new(store.clone(), None);
        let ada = Actor::new(workspace, person, Role::Admin, false);
        Office { store, mails, texts, worker, scheduler, workspace, ada, runtime, _database: database }
    }
}

impl Office {
    pub fn write<T: Send + 'static>(
        &self,
        closure: impl FnOnce(&mut Tx) -> error::Result<T> + Clone + Send + 'static,
    ) -> T {
        self.runtime.block_on(self.store.write(closure)).expect("a write")
    }

    pub fn read<T: Send + 'static>(
        &self,
        closure: impl FnOnce(&Reader) -> error::Result<T> + Clone + Send + 'static,
    ) -> T {
        self.runtime.block_on(self.store.read(closure)).expect("an answer")
    }

    pub fn wait_for<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    pub fn now(&self) -> Time {
        self.store.clock().now()
    }

    // People.

    pub fn company(&self, name: &str) -> CompanyId {
        let (ada, name) = (self.ada, name.to_string());
        self.write(move |tx| administration::companies::add(tx, &ada, &name))
    }

    /// A client user who is not invited.
    pub fn stranger(&self, given: &str, companies: &[CompanyId]) -> Actor {
        let ada = self.ada;
        let new = ClientInput {
            given_name: given.to_string().into(),
            family_name: "Client".to_string().into(),
            email: format!("{}@client.example", given.to_lowercase()).into(),
            company_ids: companies.to_vec().into(),
            ..ClientInput::default()
        };
        let person = self.write(move |tx| clients::add_client(tx, &ada, &new));
        self.actor(person)
    }

    /// A client user who is invited.
    pub fn client(&self, given: &str, companies: &[CompanyId]) -> Actor {
        let client = self.stranger(given, companies);
        self.invite(client.person);
        client
    }

    pub fn staff(&self, given: &str) -> Actor {
        let ada = self.ada;
        let new = InternalInput {
            given_name: given.to_string().into(),
            family_name: "Lee".to_string().into(),
            email: format!("{}@firm.example", given.to_lowercase()).into(),
            role: Role::Staff.into(),
            is_client_access_limited: false.into(),
            company_access_list: Vec::new().into(),
        };
        let person = self.write(move |tx| team::add_internal(tx, &ada, &new));
        self.invite(person);
        self.actor(person)
    }

    pub fn invite(&self, person: PersonId) {
        let ada = self.ada;
        self.write(move |tx| invitations::invite(tx, &ada, person));
    }

    fn actor(&self, person: PersonId) -> Actor {
        let workspace = self.workspace;
        self.read(move |reader| access::actor(reader, workspace, person)).expect("an active person")
    }

    pub fn moves(&self, client: Actor, companies: &[CompanyId]) {
        let (ada, companies) = (self.ada, companies.to_vec());
        let change = ClientInput { company_ids: companies.into(), ..ClientInput::default() };
        self.write(move |tx| clients::edit_client(tx, &ada, client.person, &change));
    }

    pub fn deactivates(&self, who: Actor) {
        let ada = self.ada;
        self.write(move |tx| deactivation::deactivate(tx, &ada, who.person));
    }

    pub fn chooses(&self, who: Actor, email: Frequency) {
        self.write(move |tx| preferences::choose(tx, &who, Some(email), None));
    }

    pub fn mutes(&self, who: Actor, channel: ChannelId, muted: bool) {
        self.write(move |tx| muting::mute(tx, &who, channel, muted));
    }

    // Talking.

    pub fn channel(&self, subject: Subject) -> ChannelId {
        let ada = self.ada;
        self.write(move |tx| starting::create(tx, &ada, &subject))
    }

    /// The channel that a client user has of their own.
    pub fn channel_of(&self, client: Actor) -> ChannelId {
        self.channel(Subject::Client(client.person))
    }

    pub fn posts(&self, who: Actor, channel: ChannelId, text: &str) -> Message {
        let draft = Draft {
            id: MessageId::new(self.now()),
            channel,
            text: text.to_string(),
            attachments: Vec::new(),
            shown: None,
        };
        self.write(move |tx| sending::send(tx, &who, &draft))
    }

    /// A message with files of these names and sizes. Their bytes are nowhere: mails hold none.
    pub fn posts_files(&self, who: Actor, channel: ChannelId, text: &str, given: &[(&str, i64)]) -> Message {
        let room = StorageLimits { file_max: i64::MAX, workspace_max: i64::MAX };
        let attachments = given.iter().map(|(name, size)| {
            let new = NewUpload {
                channel,
                purpose: Purpose::Message,
                name: (*name).to_string(),
                size: Some(*size),
                metadata: None,
            };
            let upload = self.write(move |tx| uploads::begin(tx, &who, &new, &room)).id;
            let id = BlobId::new(self.now());
            let arrived = ReceivedBlob {
                id,
                hash: secrets::hash(&id.to_string()),
                size: *size,
                content_type: "application/pdf".to_string(),
                dimensions: None,
                is_unchecked: false,
            };
            self.write(move |tx| uploads::complete(tx, &who, upload, &arrived, &room));
            Attached::Upload(upload)
        });
        let draft = Draft {
            id: MessageId::new(self.now()),
            channel,
            text: text.to_string(),
            attachments: attachments.collect(),
            shown: None,
        };
        self.write(move |tx| sending::send(tx, &who, &draft))
    }

    pub fn reads(&self, who: Actor, channel: ChannelId, position: i64) {
        self.write(move |tx| members::read_up_to(tx, &who, channel, position));
    }

    pub fn edits(&self, who: Actor, message: &Message, text: &str) {
        let (id, text) = (message.id, text.to_string());
        self.write(move |tx| editing::edit(tx, &who, id, &text));
    }

    pub fn deletes(&self, who: Actor, message: &Message) {
        let id = message.id;
        self.write(move |tx| editing::delete(tx, &who, id));
    }

    // Time.

    /// Lets time pass; whatever is due is done when it is due.
    pub fn passes(&self, span: Duration) {
        let end = self.now().after(span);
        self.works();
        while let Some(next) = self.next().filter(|next| *next <= end) {
            self.store.clock().advance(next.since(self.now()));
            self.works();
        }
        self.store.clock().advance(end.since(self.now()));
    }

    pub fn minutes(&self, minutes: u64) {
        self.passes(Duration::from_secs(60 * minutes));
    }

    pub fn seconds(&self, seconds: u64) {
        self.passes(Duration::from_secs(seconds));
    }

    /// Does whatever is due now.
    pub fn works(&self) {
        self.decides();
        self.sends();
    }

    /// Decides who is told now; sends nothing.
    pub fn decides(&self) {
        while self.wait_for(self.scheduler.step()).expect("a step") > 0 {}
    }

    pub fn sends(&self) {
        while self.wait_for(self.worker.step()).expect("a step") > 0 {}
    }

    /// Sets the clock back.
    pub fn turn_back(&self, span: Duration) {
        self.store.clock().turn_back(span);
    }

    fn next(&self) -> Option<Time> {
        self.read(|reader| {
            let times = [due::next(reader, None)?, deliveries::next_due(reader)?];
            Ok(times.into_iter().flatten().min())
        })
    }

    // What came of it.

    /// The digests that have left, to everybody.
    pub fn digests(&self) -> Vec<Mail> {
        let mut mails = self.mails.sent();
        mails.retain(|mail| mail.message_id.starts_with("digest."));
        mails
    }

    pub fn digests_to(&self, who: Actor) -> Vec<Mail> {
        let workspace = self.workspace;
        let name =
            self.read(move |reader| person::display_name(reader, workspace, who.person)).expect("a name");
        let mut mails = self.digests();
        mails.retain(|mail| mail.to.address == name.email);
        mails
    }

    /// When these left, in seconds after the beginning.
    pub fn times_of(&self, mails: &[Mail]) -> Vec<i64> {
        mails.iter().map(|mail| (mail.date_ms - MORNING.0) / 1000).collect()
    }

    /// What became of a message for somebody; nothing where they are no recipient.
    pub fn fate(&self, message: &Message, who: Actor) -> Option<DeliveryState> {
        self.whole_fate(message, who).map(|fate| fate.state)
    }

    /// The same, with how it went by each way.
    pub fn whole_fate(&self, message: &Message, who: Actor) -> Option<RecipientStatus> {
        let (ada, channel, position) = (self.ada, message.channel, message.position);
        let fates = self.read(move |reader| {
            delivery_status::of_messages(reader, &ada, channel, position..=position, None)
        });
        let mut fates = fates.into_iter().flat_map(|message| message.recipients);
        fates.find(|fate| fate.person == who.person)
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        self.store.close();
    }
}
