//! Message channels: create, list, read, archive and mark as read. `file_channels` and `members` share their resources.

use axum::Json;
use domain::channels::channel::{self, Channel, Kind};
use domain::channels::list::{self, Search};
use domain::channels::starting::{self, Subject};
use domain::channels::{acting_as, members};
use domain::kernel::access::Actor;
use domain::kernel::error::{self, Error, Problem};
use domain::kernel::ids::{ChannelId, CompanyId, MessageId, PersonId, ProjectId};
use serde::{Deserialize, Serialize};
use store::{Reader, Tx};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::api::call::Call;
use crate::api::failure::{Result, named};
use crate::api::json::Body;
use crate::api::list::{List, Of, Page, PageQuery};
use crate::api::objects::{Emptiable, time};
use crate::api::{query, schemas};
use crate::http::extractors::{PathParam, Query};
use crate::http::routes::Routes;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .post("/v1/message-channels", make)
        .get("/v1/message-channels", list)
        .get("/v1/message-channels/{id}", show)
        .patch("/v1/message-channels/{id}", change)
        .post("/v1/message-channels/{id}/read", read)
}

/// What a channel is about.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum MembershipType {
    Individual,
    Company,
    Project,
    Group,
}

pub(crate) fn membership_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Client => "individual",
        Kind::Company => "company",
        Kind::Project => "project",
        Kind::Group => "group",
    }
}

pub(crate) fn kind(word: &str) -> Option<Kind> {
    Kind::ALL.into_iter().find(|kind| membership_type(*kind) == word)
}

/// A message channel: one conversation about one client user, company, project or group.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MessageChannel {
    id: ChannelId,
    object: &'static str,
    created_at: schemas::Time,
    updated_at: schemas::Time,
    #[serde(flatten)]
    about: About,
    /// Who is in it at present: client users first.
    member_ids: Vec<PersonId>,
    /// The client user's name, the company's name, the project's title, the names of a group.
    title: String,
    last_message_date: Option<schemas::Time>,
    /// Messages that wait for the admin who made the key.
    unread_count: i64,
    /// Since when it is archived.
    archived_at: Option<schemas::Time>,
}

/// What a channel is about, as fields.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct About {
    /// `individual`, `company`, `project` or `group`.
    membership_type: &'static str,
    client_id: Option<Uuid>,
    /// Of a company's channel and of a group.
    company_id: Option<Uuid>,
    project_id: Option<Uuid>,
    /// The client user, the company (of a group too) or the project.
    membership_entity_id: Uuid,
}

impl About {
    pub(crate) fn new(channel: &Channel) -> About {
        let company = channel.company.map_or(channel.subject, |company| company.0);
        let of = |kinds: &[Kind], id: Uuid| kinds.contains(&channel.kind).then_some(id);
        About {
            membership_type: membership_type(channel.kind),
            client_id: of(&[Kind::Client], channel.subject),
            company_id: of(&[Kind::Company, Kind::Group], company),
            project_id: of(&[Kind::Project], channel.subject),
            membership_entity_id: if channel.kind == Kind::Group { company } else { channel.subject },
        }
    }
}

impl ChannelObject for MessageChannel {
    fn read(reader: &Reader, actor: &Actor, channel: Channel) -> error::Result<MessageChannel> {
        Ok(MessageChannel {
            id: channel.id,
            object: "messageChannel",
            created_at: time(channel.created_at),
            updated_at: time(channel.updated_at),
            about: About::new(&channel),
            member_ids: members::present(reader, actor.workspace, channel.id)?,
            title: channel.title,
            last_message_date: channel.last_message_at.map(time),
            unread_count: if channel.left_at.is_some() { 0 } else { channel.unread },
            archived_at: channel.archived_at.map(time),
        })
    }
}

/// One of the two sides of a channel: its messages or its files.
pub(crate) trait ChannelObject: Serialize + Send + Sized + 'static {
    fn read(reader: &Reader, actor: &Actor, channel: Channel) -> error::Result<Self>;

    fn find(reader: &Reader, actor: &Actor, id: ChannelId) -> error::Result<Self> {
        Self::read(reader, actor, channel::find(reader, actor, id)?)
    }
}

pub(crate) async fn make_channel<T: ChannelObject>(
    call: Call,
    given: NewChannel,
    canonical: &[u8],
) -> Result {
    call.run(canonical, move |tx, actor| given.make(tx, actor), T::find).await
}

pub(crate) async fn list_channels<T: ChannelObject>(
    call: Call,
    filters: Filters,
    page: Page,
) -> Result<Json<List<T>>> {
    let search = filters.search()?;
    let find = move |reader: &Reader, actor: &Actor, before, rows| {
        list::newest(reader, actor, &Search { before, ..search }, rows)
    };
    call.list(Of::Channels, page, find, |channel| channel.id.0, T::read).await
}

/// A channel to be made. Beside `membershipType` stands what that type needs.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewChannel {
    membership_type: MembershipType,
    /// For `individual`.
    client_id: Option<Emptiable<Uuid>>,
    /// For `company`; for `group`, where its people have several companies in common.
    company_id: Option<Emptiable<Uuid>>,
    /// For `project`.
    project_id: Option<Emptiable<Uuid>>,
    /// For `group`: client users of one company.
    #[schema(value_type = Option<schemas::GroupIds>)]
    member_ids: Option<Vec<PersonId>>,
    /// Stands in for `clientId`, `companyId` or `projectId`.
    #[schema(value_type = Option<schemas::IdOrEmpty>, deprecated)]
    membership_entity_id: Option<Emptiable<Uuid>>,
}

impl NewChannel {
    /// The channel's subject, and the field that names it.
    fn subject(self, reader: &Reader, actor: &Actor) -> error::Result<(Subject, &'static str)> {
        // A list that is invalid for a group is refused with the other types too.
        self.member_ids.as_deref().map(starting::each_once).transpose()?;
        let id = |given: Option<Emptiable<Uuid>>, field| Some((given?.0?, field));
        let entity = id(self.membership_entity_id, "membershipEntityId");
        let company = id(self.company_id, "companyId").or(entity);
        let missing = |field| Error::field(field, Problem::Empty);
        Ok(match self.membership_type {
            MembershipType::Individual => {
                let client = id(self.client_id, "clientId").or(entity);
                let (client, field) = client.ok_or(missing("clientId"))?;
                (Subject::Client(PersonId(client)), field)
            }
            MembershipType::Company => {
                let (company, field) = company.ok_or(missing("companyId"))?;
                (Subject::Company(CompanyId(company)), field)
            }
            MembershipType::Project => {
                let project = id(self.project_id, "projectId").or(entity);
                let (project, field) = project.ok_or(missing("projectId"))?;
                (Subject::Project(ProjectId(project)), field)
            }
            MembershipType::Group => {
                let people = self.member_ids.filter(|ids| !ids.is_empty()).ok_or(missing("memberIds"))?;
                let (company, field) = match company {
                    Some((company, field)) => (CompanyId(company), field),
                    None => (starting::common_company(reader, actor, &people)?, "memberIds"),
                };
                (Subject::Group(company, people), field)
            }
        })
    }

    /// Creates the channel, or finds the existing one.
    fn make(self, tx: &mut Tx, actor: &Actor) -> error::Result<ChannelId> {
        let (subject, field) = self.subject(tx, actor)?;
        named(field, starting::create(tx, actor, &subject))
    }
}

/// Make a message channel
///
/// Making one that is there already answers that one. Title and members come by themselves.
#[utoipa::path(post, path = "/v1/message-channels", tag = "Message channels", request_body = NewChannel,
    responses((status = 200, body = MessageChannel)))]
async fn make(call: Call, Body { given, canonical }: Body<NewChannel>) -> Result {
    make_channel::<MessageChannel>(call, given, &canonical).await
}

/// Which channels are listed.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct Filters {
    /// Those about this.
    #[param(value_type = Option<MembershipType>)]
    membership_type: Option<String>,
    /// The channel of this client user or project, or those of this company.
    #[param(value_type = Option<schemas::Id>)]
    membership_entity_id: Option<String>,
    /// Those that this person is in.
    #[param(value_type = Option<schemas::Id>)]
    member_id: Option<String>,
    /// The channel of this client user.
    #[param(value_type = Option<schemas::Id>)]
    client_id: Option<String>,
    /// The channel of this company, and its groups.
    #[param(value_type = Option<schemas::Id>)]
    company_id: Option<String>,
}

impl Filters {
    fn search(&self) -> Result<Search> {
        Ok(Search {
            kind: query::word("membershipType", &self.membership_type, kind)?,
            entity: query::id("membershipEntityId", &self.membership_entity_id)?,
            client: query::id("clientId", &self.client_id)?,
            company: query::id("companyId", &self.company_id)?,
            member: query::id("memberId", &self.member_id)?,
            before: None,
        })
    }
}

/// List message channels
///
/// The newest made first, archived ones too.
#[utoipa::path(get, path = "/v1/message-channels", tag = "Message channels", params(Filters, PageQuery),
    responses((status = 200, body = List<MessageChannel>)))]
async fn list(call: Call, Query(filters): Query<Filters>, page: Page) -> Result<Json<List<MessageChannel>>> {
    list_channels(call, filters, page).await
}

/// Get a message channel
#[utoipa::path(get, path = "/v1/message-channels/{id}", tag = "Message channels",
    responses((status = 200, body = MessageChannel)))]
async fn show(call: Call, PathParam(id): PathParam<ChannelId>) -> Result<Json<MessageChannel>> {
    call.read(move |reader, actor| MessageChannel::find(reader, actor, id)).await
}

/// What changes about a channel.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ChangedChannel {
    /// Archives the channel, or brings it back.
    is_archived: bool,
}

/// Change a message channel
///
/// A new message brings an archived one back too. Its title and its people change with its subject.
#[utoipa::path(patch, path = "/v1/message-channels/{id}", tag = "Message channels", request_body = ChangedChannel,
    responses((status = 200, body = MessageChannel)))]
async fn change(
    call: Call,
    PathParam(id): PathParam<ChannelId>,
    Body { given, .. }: Body<ChangedChannel>,
) -> Result<Json<MessageChannel>> {
    call.write(move |tx, actor| {
        channel::archive(tx, actor, id, given.is_archived)?;
        MessageChannel::find(tx, actor, id)
    })
    .await
}

/// Up to where somebody has read.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ReadUpTo {
    /// The newest message that was on screen.
    message_id: MessageId,
    /// Who had it on screen; without one, the admin who made the key.
    reader_id: Option<Emptiable<PersonId>>,
}

/// Move a read position
///
/// It only ever moves forward; an earlier message than the one that was read already changes nothing.
#[utoipa::path(post, path = "/v1/message-channels/{id}/read", tag = "Message channels", request_body = ReadUpTo,
    responses((status = 200, body = MessageChannel)))]
async fn read(
    call: Call,
    PathParam(id): PathParam<ChannelId>,
    Body { given, canonical }: Body<ReadUpTo>,
) -> Result {
    let who = given.reader_id.and_then(|id| id.0);
    let change = move |tx: &mut Tx, actor: &Actor| acting_as::read_as(tx, actor, who, id, given.message_id);
    let show = move |reader: &Reader, actor: &Actor, _| MessageChannel::find(reader, actor, id);
    call.run(&canonical, change, show).await
}
