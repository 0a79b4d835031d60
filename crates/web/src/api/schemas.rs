//! Value types in the API description: the validation of `domain` as JSON Schema, with the same constants.

use domain::files::entry;
use domain::kernel::audit_log::AuditAction;
use domain::kernel::custom_fields::{self, BYTES_MAX, DEPTH_MAX, FIELDS_MAX};
use domain::kernel::limits::{
    ATTACHMENTS, EMAIL_CHARACTERS, MESSAGE_CHARACTERS, NAME_CHARACTERS, PEOPLE_AT_ONCE,
};
use domain::kernel::web_address;
use domain::tenant::brand_settings::Place;
use domain::tenant::settings::{self, WAIT_MINUTES};
use domain::webhooks::webhook;
use domain::welcome::template::TEMPLATE_CHARACTERS;
use serde::{Serialize, Serializer};
use serde_json::json;
use utoipa::openapi::schema::{
    AdditionalProperties, Array, ArrayBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type,
};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::api::query;
use crate::http::times;

/// Default page size.
pub(crate) const LIMIT: usize = 100;

pub(crate) const LIMIT_MAX: usize = 1_000;

/// A character of a single line: no control characters, no line or paragraph separators.
const LETTER: &str = r"[^\u0000-\u001f\u007f-\u009f\u2028\u2029]";
/// A visible character, as in `domain::kernel::limits::is_blank`, as far as a pattern can express it.
const SEEN: &str = r"[^\u0000-\u0020\u007f-\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]";

/// A web address: host, port, and any ASCII after that.
const WEB: &str = r#"https?://[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?){0,3}(:[0-9]{1,4})?([/?#][!#-;=?-\[\]-~]*)?"#;

macro_rules! schemas {
    ($($(#[$doc:meta])* $name:ident $(($value:ty))?: $schema:expr;)*) => {$(
        $(#[$doc])*
        pub(crate) struct $name $((pub(crate) $value))?;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                RefOr::T(Schema::from($schema.build()))
            }
        }

        impl ToSchema for $name {}
    )*};
}

/// Describes what calls are sent, with the value types of this file. `domain` has the input that it is read into. Fields of
/// `changes` may be left out; those that may be null too are options.
macro_rules! bodies {
    () => {};
    ($(#[$meta:meta])* changes $name:ident { $($(#[$doc:meta])* $field:ident: $type:ty,)* } $($rest:tt)*) => {
        $crate::api::schemas::bodies! {
            $(#[$meta])* $name { $($(#[$doc])* #[schema(required = false)] $field: $type,)* } $($rest)*
        }
    };
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $field:ident: $type:ty,)* } $($rest:tt)*) => {
        $(#[$meta])*
        #[derive(utoipa::ToSchema)]
        #[schema(rename_all = "camelCase")]
        #[allow(dead_code, reason = "a description only")]
        struct $name { $($(#[$doc])* $field: $type,)* }

        $crate::api::schemas::bodies! { $($rest)* }
    };
}

pub(crate) use bodies;

schemas! {
    Id: text("The id of an object: a UUID (RFC 9562).").format(Some(SchemaFormat::Custom("uuid".to_string())))
        .examples([json!("019b8d62-7a80-7708-aed8-f33a0ce336e7")]);
    IdOrEmpty: text("The id of an object; an empty text says that there is none.")
        .pattern(Some("^([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})?$"))
        .examples([json!("019b8d62-7a80-7708-aed8-f33a0ce336e7")]);
    OwnId: text("An id that the sender makes: a UUID of version 7 (RFC 9562, 5.7).")
        .pattern(Some("^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-7[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}$"))
        .examples([json!("019b8d62-7a80-7708-aed8-f33a0ce336e7")]);
    Time(store::Time): text("A time in UTC with milliseconds (RFC 3339).").format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .examples([json!("2026-01-05T09:00:00.000Z")]);
    Line: text("Text of one line.").max_length(Some(NAME_CHARACTERS)).pattern(Some(format!("^{LETTER}*$")))
        .examples([json!("Maria")]);
    /// A line with at least one visible character.
    Name: text("Text of one line in which something can be seen.").min_length(Some(1)).max_length(Some(NAME_CHARACTERS))
        .pattern(Some(format!("^{LETTER}*{SEEN}{LETTER}*$")))
        .examples([json!("Brightwater Clinic")]);
    Email: text("An email address.").max_length(Some(EMAIL_CHARACTERS)).pattern(Some(
        "^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,30}(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,30})?@[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?){1,3}$"))
        .examples([json!("maria@brightwater.example")]);
    Phone: text("A telephone number with its country code; empty for none.")
        .pattern(Some("^(\\+[1-9]([ ()./-]?[0-9]){6,14})?$"))
        .examples([json!("+44 20 7946 0018")]);
    MessageText: text("Text in Markdown. CR and CRLF become LF; other control characters than LF and TAB are refused.")
        .max_length(Some(MESSAGE_CHARACTERS)).pattern(Some(r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$"))
        .examples([json!("The plan is **ready**.")]);
    WelcomeText: text("As the text of a message; something can be seen of it. Merge fields such as `{{client.givenName}}` are filled in.")
        .min_length(Some(1)).max_length(Some(TEMPLATE_CHARACTERS)).pattern(Some(welcome()))
        .examples([json!("Welcome! Write to us here whenever you like.")]);
    Url: text("An address of the web, `https://…` or `http://…`; empty for none.").max_length(Some(web_address::URL_CHARACTERS))
        .pattern(Some(format!("^({WEB})?$")))
        .examples([json!("https://brightwater.example/icon.png")]);
    /// A path in a file channel.
    Path: text("Names of folders and a last name with `/` between them, without control characters. Something can be seen of each name.")
        .min_length(Some(1)).max_length(Some(entry::PATH_CHARACTERS)).pattern(Some(path()))
        .examples([json!("Contracts/2026/deed.pdf")]);
    /// The target of a link.
    LinkUrl: text("An address of the web, `https://…` or `http://…`.").min_length(Some(1)).max_length(Some(web_address::URL_CHARACTERS))
        .pattern(Some(format!("^{WEB}$")))
        .examples([json!("https://example.com/rules")]);
    /// The address of a webhook.
    HookUrl: text("An address of the web, `https://…` or `http://…`, without a user name and without a part behind `#`, that leads to the internet.")
        .min_length(Some(1)).max_length(Some(webhook::URL_CHARACTERS))
        .pattern(Some("^https?://([A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?\\.){1,3}[A-Za-z]{2,10}(:[1-9][0-9]{0,3})?([/?][!\"$-~]*)?$"))
        .examples([json!("https://hooks.example.com/portal")]);
    EventKind: text("A kind of events such as `message.sent`, a group of them such as `client.*`, or `*` for everything.")
        .enum_values(Some(kinds()))
        .examples([json!("message.sent")]);
    /// The subject of an audit log entry.
    DeedField: text("What a record is about.").enum_values(Some(audit_action_fields())).examples([json!("people")]);
    BrandPicture: text("A picture of the firm's brand.").enum_values(Some(Place::ALL.map(Place::word)))
        .examples([json!("logo")]);
    /// A filter by exact text.
    Filter: text("Text without control characters.").max_length(Some(query::CHARACTERS))
        .pattern(Some(r"^[^\u0000-\u001f\u007f-\u009f]*$"))
        .examples([json!("Maria")]);
    Color: text("A colour such as `#9bbfff`; empty for none chosen.").pattern(Some("^(#[0-9a-fA-F]{6})?$"))
        .examples([json!("#9bbfff")]);
    CustomFields: ObjectBuilder::new()
        .description(Some(format!(
            "Fields of the firm's own programs: at most {FIELDS_MAX}, {} KiB together, nested at most {DEPTH_MAX} levels. \
             Null, an empty text or an empty list says that a field has no value.",
            BYTES_MAX / 1024,
        )))
        .max_properties(Some(FIELDS_MAX))
        .property_names(Some(ObjectBuilder::new().schema_type(Type::String).max_length(Some(custom_fields::NAME_CHARACTERS)).pattern(Some(format!("^{LETTER}*{SEEN}{LETTER}*$"))).build()))
        .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(true)))
        .examples([json!({"tags": ["vip"], "since": 2026})]);
    Ids: ids("Ids of objects. One that stands there twice counts once.", PEOPLE_AT_ONCE);
    OneOrMoreIds: ids("Ids of objects, at least one. One that stands there twice counts once.", PEOPLE_AT_ONCE).min_items(Some(1));
    GroupIds: ids("Ids of people, each once.", PEOPLE_AT_ONCE).unique_items(true);
    AttachmentIds: ids("Ids of files. One that stands there twice counts once.", ATTACHMENTS);
    EventKinds: ArrayBuilder::new().description(Some("Kinds of events. One that stands there twice counts once."))
        .items(Ref::from_schema_name("EventKind")).min_items(Some(1)).max_items(Some(webhook::WANTED_MAX));
    ReplyLinks: text("What reply links lead to.").enum_values(Some(settings::ReplyLinks::ALL.map(settings::ReplyLinks::word)));
    DefaultChannel: text("Where a new client user's conversation is.")
        .enum_values(Some(settings::DefaultChannel::ALL.map(settings::DefaultChannel::word)));
    WaitMinutes: whole("Minutes that a message may stay unread before its reader is told outside the portal.")
        .minimum(Some(*WAIT_MINUTES.start())).maximum(Some(*WAIT_MINUTES.end()));
    Limit: whole("Rows of the page.").minimum(Some(1_usize)).maximum(Some(LIMIT_MAX)).default(Some(json!(LIMIT)));
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&times::exact(self.0))
    }
}

/// The possible subjects of audit log entries.
fn audit_action_fields() -> Vec<&'static str> {
    let mut fields: Vec<&str> = AuditAction::ALL.iter().map(|action| action.field()).collect();
    fields.sort_unstable();
    fields.dedup();
    fields
}

fn ids(description: &str, most: usize) -> ArrayBuilder {
    let ids = ArrayBuilder::from(Array::new(Ref::from_schema_name("Id")));
    ids.description(Some(description)).max_items(Some(most))
}

fn whole(description: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Integer).description(Some(description))
}

fn path() -> String {
    let letter = r"[^/\u0000-\u001f\u007f-\u009f]";
    let name = format!("{letter}{{0,200}}{}{letter}{{0,200}}", SEEN.replacen("[^", "[^/", 1));
    format!("^{name}(/{name}){{0,{}}}$", entry::DEPTH_MAX)
}

/// Braces are excluded, because only certain merge fields are valid.
fn welcome() -> String {
    let letter = r"[^{\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]";
    format!("^{letter}*{}{letter}*$", SEEN.replacen("[^", "[^{", 1))
}

/// The event names that webhooks can subscribe to.
fn kinds() -> Vec<String> {
    let kinds = webhook::KINDS.iter().map(|kind| kind.to_string());
    let mut groups: Vec<String> = webhook::KINDS
        .iter()
        .filter_map(|kind| kind.split_once('.'))
        .map(|(noun, _)| format!("{noun}.*"))
        .collect();
    groups.sort();
    groups.dedup();
    kinds.chain(groups).chain(["*".to_string()]).collect()
}

fn text(description: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).description(Some(description))
}
