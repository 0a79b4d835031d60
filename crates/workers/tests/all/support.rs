//! A post office to test in: a portal with one firm, a worker, and mail that stays in memory, at a time that a test
//! turns.

use std::sync::Arc;
use std::time::Duration;

use domain::administration::clients::{self, ClientInput};
use domain::administration::deactivation;
use domain::administration::set_up::{self, SetUp};
use domain::arrival::invitations;
use domain::arrival::sign_in::{self, CodeOutcome};
use domain::identity::sign_in_requests;
use domain::kernel::access::{Actor, Role};
use domain::kernel::error;
use domain::kernel::ids::{ChannelId, MessageId, PersonId, SignInId, WorkspaceId};
use domain::messages::sending::{self, Draft};
use domain::notify::deliveries;
use outbound::mail::{Mail, Mailer, Memory};
use outbound::text::Texter;
use store::{Clock, Reader, Setting, Store, Time, Tx};
use workers::DeliveryWorker;

/// Monday 5 January 2026, 09:00 UTC: when every test begins.
pub const MORNING: Time = Time(1_767_603_600_000);
pub const PORTAL: &str = "https://portal.example";
pub const ADA: &str = "ada@firm.example";

pub struct PostOffice {
    pub store: Store,
    pub mails: Memory,
    pub texts: outbound::text::Memory,
    pub worker: DeliveryWorker,
    pub workspace: WorkspaceId,
    pub ada: Actor,
    _folder: tempfile::TempDir,
}

impl PostOffice {
    pub async fn open() -> PostOffice {
        let folder = testing::folder().expect("a temporary folder");
        let setting = Setting::Sqlite(folder.path().join("portal.db"));
        let store = Store::open(&setting, Clock::simulated(MORNING), domain::MIGRATIONS).expect("a store");
        let given = SetUp {
            brand: "Harbor & Lee".to_string(),
            given_name: "Ada".to_string(),
            family_name: "Admin".to_string(),
            email: ADA.to_string(),
        };
        let (workspace, person) =
            store.write(move |tx| set_up::set_up(tx, None, &given)).await.expect("a firm");
        let mails = Memory::default();
        let mailer = Arc::new(Mailer::from(mails.clone()));
        let texts = outbound::text::Memory::default();
        let texter = Arc::new(Texter::Memory(texts.clone()));
        let worker =
            DeliveryWorker::new(store.clone(), mailer, texter, PORTAL, "notifications@portal.example");
        let ada = Actor::new(workspace, person, Role::Admin, false);
        PostOffice { store, mails, texts, worker, workspace, ada, _folder: folder }
    }

    pub async fn write<T: Send + 'static>(
        &self,
        closure: impl FnOnce(&mut Tx) -> error::Result<T> + Clone + Send + 'static,
    ) -> T {
        self.store.write(closure).await.expect("a write")
    }

    pub async fn read<T: Send + 'static>(
        &self,
        closure: impl FnOnce(&Reader) -> error::Result<T> + Clone + Send + 'static,
    ) -> T {
        self.store.read(closure).await.expect("an answer")
    }

    pub fn wait(&self, span: Duration) {
        self.store.clock().advance(span);
    }

    pub fn now(&self) -> Time {
        self.store.clock().now()
    }

    /// One step of the worker: how many deliveries it took.
    pub async fn step(&self) -> usize {
        self.worker.step().await.expect("a step")
    }

    pub async fn ask(&self, email: &str) -> SignInId {
        let (workspace, email) = (self.workspace, email.to_string());
        self.write(move |tx| sign_in_requests::ask(tx, workspace, &email, "192.0.2.7")).await
    }

    pub async fn types(&self, sign_in: SignInId, code: &str) -> CodeOutcome {
        let (workspace, code) = (self.workspace, code.to_string());
        self.write(move |tx| sign_in::by_code(tx, workspace, sign_in, &code)).await
    }

    pub async fn taps(&self, link: &str) -> error::Result<PersonId> {
        let secret = link.strip_prefix(PORTAL).and_then(|rest| rest.strip_prefix("/sign-in/link/"));
        let secret = secret.expect("a link of the portal").to_string();
        self.store.write(move |tx| sign_in::by_link(tx, &secret)).await.map(|(_, person)| person)
    }

    pub async fn client(&self, given: &str) -> PersonId {
        let ada = self.ada;
        let new = ClientInput {
            given_name: given.to_string().into(),
            family_name: "Client".to_string().into(),
            email: format!("{}@client.example", given.to_lowercase()).into(),
            ..ClientInput::default()
        };
        self.write(move |tx| clients::add_client(tx, &ada, &new)).await
    }

    /// The admin says the same, so many times.
    pub async fn says(&self, times: usize, channel: ChannelId, text: &'static str) {
        let ada = self.ada;
        self.write(move |tx| {
            for _ in 0..times {
                let id = MessageId::new(tx.now());
                let (text, attachments) = (text.to_string(), Vec::new());
                sending::send(tx, &ada, &Draft { id, channel, text, attachments, shown: None })?;
            }
            Ok(())
        })
        .await;
    }

    pub async fn invite(&self, person: PersonId) {
        let ada = self.ada;
        self.write(move |tx| invitations::invite(tx, &ada, person)).await;
    }

    pub async fn deactivate(&self, person: PersonId) {
        let ada = self.ada;
        self.write(move |tx| deactivation::deactivate(tx, &ada, person)).await;
    }

    pub async fn next_due(&self) -> Option<Time> {
        self.read(deliveries::next_due).await
    }

    /// For each delivery, oldest first: whether it was sent, whether it has failed for good, and why.
    pub async fn states(&self) -> Vec<(bool, bool, Option<String>)> {
        self.read(|reader| {
            Ok(reader.all(
                "SELECT sent_at, failed_at, reason FROM deliveries ORDER BY created_at, id",
                &[],
                |row| {
                    let (sent, failed): (Option<Time>, Option<Time>) = (row.get(0)?, row.get(1)?);
                    Ok((sent.is_some(), failed.is_some(), row.get(2)?))
                },
            )?)
        })
        .await
    }
}

impl Drop for PostOffice {
    fn drop(&mut self) {
        self.store.close();
    }
}

/// The six digits that a mail shows.
pub fn code_of(mail: &Mail) -> String {
    let code = mail.subject.split(' ').next().expect("a word").to_string();
    assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()), "{}", mail.subject);
    code
}

/// The link that a mail shows, in both its parts.
pub fn link_of(mail: &Mail) -> String {
    let in_text: Vec<&str> = mail.text.lines().filter(|line| line.contains("/sign-in/link/")).collect();
    let in_html: Vec<&str> =
        mail.html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(in_text.len(), 1, "one link in the text");
    assert_eq!(in_html, in_text, "the same one in the HTML, and no other");
    in_text[0].to_string()
}
