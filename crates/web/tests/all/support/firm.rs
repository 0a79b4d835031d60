//! A firm in the portal: Harbor & Lee with its people, two client companies, a project, and a channel with a message;
//! and a second firm.

use std::ops::Deref;

use domain::administration::clients::{self, ClientInput};
use domain::administration::projects::{self, ProjectInput};
use domain::administration::set_up::{self, SetUp};
use domain::administration::team::{self, InternalInput};
use domain::arrival::{invitations, joining, sign_in};
use domain::channels::notifications;
use domain::channels::starting::{self, Subject};
use domain::directory::person;
use domain::identity::sign_ups;
use domain::kernel::access::{Actor, Role};
use domain::kernel::error;
use domain::kernel::ids::{
    CallId, ChannelId, CompanyId, DigestId, EntryId, KeyId, MessageId, NotificationId, PersonId, ProjectId,
    WebhookId, WorkspaceId,
};
use domain::kernel::medium::Medium;
use domain::messages::sending;
use domain::notify::{preferences, reply_links};
use domain::tenant::early_access::{self, EntryInput};
use domain::tenant::{api_keys, workspaces};
use domain::webhooks::webhook::{self, EventFilter};
use domain::webhooks::{call_history, calls};
use domain::{administration, directory};
use store::{Reader, Tx};

use super::{Browser, FILE_MAX, Portal, VAST};

pub struct Firm {
    pub portal: Portal,
    people: People,
}

/// The people and things of the firm. Addresses are `given@firm.example` or `given@client.example`.
pub struct People {
    pub workspace: WorkspaceId,
    /// The admin.
    pub jane: Actor,
    /// Staff with access to all clients.
    pub tom: Actor,
    /// Staff with access to assigned companies only, initially Santos Imports.
    pub priya: Actor,
    /// Northwind Bakery.
    pub northwind: CompanyId,
    /// Santos Imports.
    pub santos: CompanyId,
    /// A client user of Northwind Bakery.
    pub oskar: Actor,
    /// A client user of Santos Imports.
    pub maria: Actor,
    /// The renovation project, with Jane, Tom and Oskar.
    pub renovation: ProjectId,
    /// Oskar's own channel.
    pub channel: ChannelId,
    /// A message by Oskar in that channel.
    pub message: MessageId,
    /// The admin of another firm.
    pub stranger: Actor,
}

impl Deref for Firm {
    type Target = People;
    fn deref(&self) -> &People {
        &self.people
    }
}

impl Firm {
    pub async fn new() -> Firm {
        Firm::furnish(Portal::empty()).await
    }

    /// A firm in a portal with a scanner (F13).
    pub async fn scanned() -> Firm {
        Firm::furnish(Portal::open(true, FILE_MAX)).await
    }

    /// A firm in a portal with a higher size limit for files.
    pub async fn roomy() -> Firm {
        Firm::furnish(Portal::open(false, 3 * FILE_MAX)).await
    }

    /// A firm in a portal that takes files so large that their progress is recorded in steps.
    pub async fn vast() -> Firm {
        Firm::furnish(Portal::open(false, VAST)).await
    }

    pub async fn furnish(portal: Portal) -> Firm {
        let people = portal.write(make).await;
        Firm { portal, people }
    }

    pub async fn browser_of(&self, actor: Actor) -> Browser<'_> {
        self.portal.browser_of(actor.workspace, actor.person).await
    }

    /// The path of somebody's reply link, for a digest of a channel's messages in (after, up_to].
    pub async fn reply_link(&self, whose: Actor, channel: ChannelId, after: i64, up_to: i64) -> String {
        let link = move |tx: &mut Tx| {
            let (workspace, person, digest) = (whose.workspace, whose.person, DigestId::new(tx.now()));
            tx.run(
                "INSERT INTO digests (workspace, id, person, created_at) VALUES ($1, $2, $3, $4)",
                &[&workspace, &digest, &person, &tx.now()],
            )?;
            tx.run(
                "INSERT INTO digest_parts (workspace, digest, channel, person, after_position, up_to_position) \
                 VALUES ($1, $2, $3, $4, $5, $6)",
                &[&workspace, &digest, &channel, &person, &after, &up_to],
            )?;
            reply_links::create(tx, workspace, digest, person, channel)
        };
        format!("/r/{}", self.portal.write(link).await.reveal())
    }

    /// The path of somebody's unsubscribe link.
    pub async fn unsubscribe_link(&self, whose: Actor) -> String {
        let make = move |tx: &mut Tx| {
            preferences::unsubscribe_secret(tx, whose.workspace, whose.person, Medium::Email)
        };
        format!("/unsubscribe/{}", self.portal.write(make).await.reveal())
    }

    pub async fn key(&self, name: &str) -> KeyId {
        let (jane, name) = (self.jane, name.to_string());
        self.portal.write(move |tx| api_keys::create(tx, &jane, &name)).await;
        self.portal.read(move |reader: &Reader| api_keys::list(reader, &jane)).await.remove(0).id
    }

    /// A webhook of Jane's and its call about a new company.
    pub async fn webhook(&self) -> (WebhookId, CallId) {
        let jane = self.jane;
        let url = "https://hooks.example/";
        let made =
            self.portal.write(move |tx| webhook::create(tx, &jane, url, &EventFilter::everything())).await;
        let webhook = made.0.id;
        let add = move |tx: &mut Tx| {
            administration::companies::add(tx, &jane, &MessageId::new(tx.now()).to_string())
        };
        self.portal.write(add).await;
        self.portal.write(move |tx| calls::enqueue_calls(tx, jane.workspace, webhook)).await;
        let told = move |reader: &Reader| call_history::list(reader, &jane, webhook, None, 1);
        (webhook, self.portal.read(told).await.remove(0).id)
    }

    /// Jane's notification of Oskar's message. Jane is invited for it.
    pub async fn notification(&self) -> NotificationId {
        let jane = self.jane;
        self.portal.write(move |tx| invitations::invite(tx, &jane, jane.person)).await;
        let own = notifications::Search { recipient: Some(jane.person), ..Default::default() };
        self.portal
            .read(move |reader: &Reader| notifications::list(reader, &jane, &own, 1))
            .await
            .remove(0)
            .id
    }

    /// Submits an early access entry at the firm's host.
    pub async fn early_access(&self, name: &str) -> EntryId {
        let (workspace, jane) = (self.workspace, self.jane);
        let given = EntryInput {
            name: name.to_string(),
            email: "rui@later.example".to_string(),
            ..EntryInput::default()
        };
        self.portal
            .write(move |tx| {
                early_access::submit(tx, Some(workspace), &given, "192.0.2.7")?;
                Ok(early_access::list(tx, &jane, false, None, 1)?[0].id)
            })
            .await
    }

    /// Turns signing up on; then somebody signs up, names a company and confirms their address.
    pub async fn signs_up(&self, given: &str, company: &str) -> PersonId {
        let (workspace, jane) = (self.workspace, self.jane);
        let name = format!("{given}{}", MessageId::new(super::MORNING));
        let given = sign_ups::SignUpInput {
            given_name: given.to_string(),
            email: format!("{name}@client.example"),
            company: company.to_string(),
            ..sign_ups::SignUpInput::default()
        };
        let sign_up = move |tx: &mut Tx| {
            let may = joining::JoiningChange { sign_up: Some(true), ..joining::JoiningChange::default() };
            joining::change(tx, &jane, &may)?;
            let sign_in = sign_ups::ask(tx, workspace, &given, &name)?;
            let mail = sign_in::prepare_mail(tx, workspace, sign_in)?.expect("a mail");
            Ok(sign_in::by_link(tx, mail.link_secret.reveal())?.1)
        };
        self.portal.write(sign_up).await
    }

    /// A new client user of Northwind Bakery who has never signed in.
    pub async fn oskar_s_colleague(&self) -> Actor {
        let (jane, northwind) = (self.jane, self.northwind);
        self.portal.write(move |tx| client(tx, &jane, "Nina", "Nowak", northwind)).await
    }

    /// Sends a message and returns its position.
    pub async fn posts(&self, who: Actor, channel: ChannelId, text: &str) -> i64 {
        let text = text.to_string();
        let post = move |tx: &mut Tx| {
            let draft = sending::Draft {
                id: MessageId::new(tx.now()),
                channel,
                text,
                attachments: Vec::new(),
                shown: None,
            };
            Ok(sending::send(tx, &who, &draft)?.position)
        };
        self.portal.write(post).await
    }
}

fn make(tx: &mut Tx) -> error::Result<People> {
    let set_up = SetUp {
        brand: "Harbor & Lee".to_string(),
        given_name: "Jane".to_string(),
        family_name: "Lee".to_string(),
        email: "jane@firm.example".to_string(),
    };
    let (workspace, jane) = set_up::set_up(tx, None, &set_up)?;
    let jane = Actor::new(workspace, jane, Role::Admin, false);
    let northwind = administration::companies::add(tx, &jane, "Northwind Bakery")?;
    let santos = administration::companies::add(tx, &jane, "Santos Imports")?;
    let tom = internal(tx, &jane, "Tom", "Harbor", None)?;
    let priya = internal(tx, &jane, "Priya", "Rao", Some(santos))?;
    let oskar = client(tx, &jane, "Oskar", "Kowalski", northwind)?;
    let maria = client(tx, &jane, "Maria", "Santos", santos)?;
    let project = ProjectInput {
        title: "Renovation".to_string().into(),
        company_id: Some(northwind).into(),
        client_ids: vec![oskar.person].into(),
        internal_user_ids: vec![jane.person, tom.person].into(),
        ..ProjectInput::default()
    };
    let renovation = projects::add(tx, &jane, &project)?;
    let channel = starting::create(tx, &jane, &Subject::Client(oskar.person))?;
    let message = MessageId::new(tx.now());
    let draft = sending::Draft {
        id: message,
        channel,
        text: "Good morning!".to_string(),
        attachments: Vec::new(),
        shown: None,
    };
    sending::send(tx, &oskar, &draft)?;

    let other = workspaces::add(tx, "Another firm", Some("another.example"))?;
    let stranger = set_up::first_admin(tx, other, "Sam", "Stranger", "sam@another.example")?;
    let stranger = Actor::new(other, stranger, Role::Admin, false);
    Ok(People {
        workspace,
        jane,
        tom,
        priya,
        northwind,
        santos,
        oskar,
        maria,
        renovation,
        channel,
        message,
        stranger,
    })
}

fn internal(
    tx: &mut Tx,
    jane: &Actor,
    given: &str,
    family: &str,
    assigned: Option<CompanyId>,
) -> error::Result<Actor> {
    let new = InternalInput {
        given_name: given.to_string().into(),
        family_name: family.to_string().into(),
        email: format!("{}@firm.example", given.to_lowercase()).into(),
        role: Role::Staff.into(),
        is_client_access_limited: assigned.is_some().into(),
        company_access_list: assigned.into_iter().collect::<Vec<_>>().into(),
    };
    let person = team::add_internal(tx, jane, &new)?;
    Ok(Actor::new(jane.workspace, person, Role::Staff, assigned.is_some()))
}

fn client(tx: &mut Tx, jane: &Actor, given: &str, family: &str, company: CompanyId) -> error::Result<Actor> {
    let new = ClientInput {
        given_name: given.to_string().into(),
        family_name: family.to_string().into(),
        email: format!("{}@client.example", given.to_lowercase()).into(),
        company_ids: vec![company].into(),
        ..ClientInput::default()
    };
    let person: PersonId = clients::add_client(tx, jane, &new)?;
    Ok(Actor::new(jane.workspace, person, Role::Client, false))
}
