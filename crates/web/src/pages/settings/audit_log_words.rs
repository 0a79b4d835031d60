//! The audit log in words: actions and the fields that changed.

use domain::kernel::access::Origin;
use domain::kernel::audit_log::{AuditAction, Change, Record};

/// The action, worded to follow the actor's name and precede the subject's.
pub(crate) fn of(deed: AuditAction) -> &'static str {
    match deed {
        AuditAction::PersonAdded | AuditAction::CompanyAdded | AuditAction::ProjectAdded => "added",
        AuditAction::PersonChanged | AuditAction::CompanyChanged | AuditAction::ProjectChanged => "changed",
        AuditAction::PersonInvited => "invited",
        AuditAction::PersonUninvited => "took back the invitation of",
        AuditAction::PersonJoined => "signed up",
        AuditAction::ColleagueInvited => "invited a colleague:",
        AuditAction::PersonDeactivated => "took access away from",
        AuditAction::PersonReactivated => "gave access back to",
        AuditAction::WelcomeWritten => "wrote the welcome message for",
        AuditAction::LinkMade => "made a sign-in link for",
        AuditAction::PersonDeleted | AuditAction::CompanyDeleted | AuditAction::ProjectDeleted => "deleted",
        AuditAction::BelongingDismissed => "left without a company",
        AuditAction::TableImported => "imported a table of people and companies",
        AuditAction::CompanyAssigned => "changed who is assigned to",
        AuditAction::ChannelMade => "made the channel of",
        AuditAction::FilesPermitted => "changed whether client users may change the files of",
        AuditAction::ChannelArchived => "archived or brought back the channel of",
        AuditAction::SetUp => "set the portal up with",
        AuditAction::SettingsChanged => "changed the settings",
        AuditAction::WelcomeChanged => "changed the welcome message",
        AuditAction::WebhookMade => "made a webhook",
        AuditAction::WebhookEnabled => "switched a webhook on",
        AuditAction::WebhookDeleted => "deleted a webhook",
        AuditAction::KeyMade => "made a key",
        AuditAction::KeyRevoked => "revoked a key",
        AuditAction::ConsentsExported => "exported what people answered to texts",
        AuditAction::EarlyAccessExported => "exported who asked for early access",
        AuditAction::RecordsExported => "exported these records",
        AuditAction::PersonExported => "exported everything about",
        AuditAction::EarlyAccessRemoved => "removed somebody from the early access list",
    }
}

/// The actor.
pub(crate) fn who(record: &Record) -> String {
    match (&record.person, record.via) {
        (Some((_, name)), _) => name.full(),
        (None, Origin::Cli) => "Whoever runs the portal".to_string(),
        (None, _) => "Somebody who is not here any more".to_string(),
    }
}

/// The origin, unless it was a page.
pub(crate) fn how(via: Origin) -> &'static str {
    match via {
        Origin::Page => "",
        Origin::ApiKey => "through the API",
        Origin::Cli => "on the machine",
    }
}

/// A field's name for people: `waitMinutes` becomes "wait minutes".
pub(crate) fn field(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    for character in name.chars() {
        if character.is_uppercase() {
            words.push(' ');
            words.extend(character.to_lowercase());
        } else if character == '.' {
            words.push(' ');
        } else {
            words.push(character);
        }
    }
    words
}

/// A change in one cell of a table.
pub(crate) fn change(change: &Change) -> String {
    let (name, after) = (&change.field, change.after.as_deref().unwrap_or(""));
    match &change.before {
        Some(before) => format!("{name}: {before} → {after}"),
        None => format!("{name}: {after}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r1_fields_read_as_words_and_changes_as_one_line() {
        assert_eq!(field("waitMinutes"), "wait minutes");
        assert_eq!(field("welcome.senderId"), "welcome sender id");
        let noted = |before: Option<&str>| Change {
            field: "role".to_string(),
            before: before.map(str::to_string),
            after: Some("admin".to_string()),
        };
        assert_eq!(change(&noted(Some("staff"))), "role: staff → admin");
        assert_eq!(change(&noted(None)), "role: admin");
    }
}
