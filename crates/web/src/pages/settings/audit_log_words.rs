//! What records say in words: deeds, and the fields that are another value now.

use domain::kernel::access::Via;
use domain::kernel::audit_log::{Change, Deed, Record};

/// What was done, as it stands after who did it and before to whom.
pub(crate) fn of(deed: Deed) -> &'static str {
    match deed {
        Deed::PersonAdded | Deed::CompanyAdded | Deed::ProjectAdded => "added",
        Deed::PersonChanged | Deed::CompanyChanged | Deed::ProjectChanged => "changed",
        Deed::PersonInvited => "invited",
        Deed::PersonUninvited => "took back the invitation of",
        Deed::PersonJoined => "signed up",
        Deed::ColleagueInvited => "invited a colleague:",
        Deed::PersonDeactivated => "took access away from",
        Deed::PersonReactivated => "gave access back to",
        Deed::WelcomeWritten => "wrote the welcome message for",
        Deed::LinkMade => "made a sign-in link for",
        Deed::PersonDeleted | Deed::CompanyDeleted | Deed::ProjectDeleted => "deleted",
        Deed::BelongingDismissed => "left without a company",
        Deed::TableImported => "imported a table of people and companies",
        Deed::CompanyAssigned => "changed who is assigned to",
        Deed::ChannelMade => "made the channel of",
        Deed::FilesPermitted => "changed whether client users may change the files of",
        Deed::ChannelArchived => "archived or brought back the channel of",
        Deed::SetUp => "set the portal up with",
        Deed::SettingsChanged => "changed the settings",
        Deed::WelcomeChanged => "changed the welcome message",
        Deed::WebhookMade => "made a webhook",
        Deed::WebhookEnabled => "switched a webhook on",
        Deed::WebhookDeleted => "deleted a webhook",
        Deed::KeyMade => "made a key",
        Deed::KeyRevoked => "revoked a key",
        Deed::ConsentsExported => "exported what people answered to texts",
        Deed::EarlyAccessExported => "exported who asked for early access",
        Deed::RecordsExported => "exported these records",
        Deed::PersonExported => "exported everything about",
        Deed::EarlyAccessRemoved => "removed somebody from the early access list",
    }
}

/// Who did it.
pub(crate) fn who(record: &Record) -> String {
    match (&record.person, record.via) {
        (Some((_, name)), _) => name.full(),
        (None, Via::Machine) => "Whoever runs the portal".to_string(),
        (None, _) => "Somebody who is not here any more".to_string(),
    }
}

/// How, where it was not on a page.
pub(crate) fn how(via: Via) -> &'static str {
    match via {
        Via::Page => "",
        Via::Program => "through the API",
        Via::Machine => "on the machine",
    }
}

/// A field for people: `waitMinutes` is "wait minutes".
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

/// A change on one line of a table.
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
