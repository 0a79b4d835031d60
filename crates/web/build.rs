//! Tells `utoipa` that ids of every type are described alike.

use utoipa_config::Config;

const IDS: [&str; 13] = [
    "CallId",
    "ChannelId",
    "CompanyId",
    "EntryId",
    "FileId",
    "MessageId",
    "NotificationId",
    "PersonId",
    "ProjectId",
    "RecordId",
    "Uuid",
    "WebhookId",
    "WorkspaceId",
];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let alias = |config: Config<'static>, id| config.alias_for(id, "crate::api::schemas::Id");
    let config = IDS.into_iter().fold(Config::new(), alias);
    config.alias_for("Emptiable", "crate::api::schemas::IdOrEmpty").write_to_file();
}
