//! All consents to text messages, exported as a table for admins to keep or to show as proof (N9). Each view of it is
//! logged (R1).

use domain::kernel::audit_log::{self, AuditAction};
use domain::notify::consents::{self, Consent};

use crate::http::answers::Result;
use crate::http::visit::Visit;
use crate::http::{exports, times};

const COLUMNS: [&str; 8] = ["time", "person", "name", "email", "number", "answer", "how", "wording"];

pub(crate) async fn export(visit: Visit) -> Result {
    let actor = visit.actor();
    visit.write(|tx, actor| audit_log::note_export(tx, actor, AuditAction::ConsentsExported, None)).await?;
    let all = visit.app.store().read_long(move |reader| consents::all(reader, &actor)).await?;
    let lines: String = all.iter().map(line).collect();
    Ok(exports::table("consents.csv", exports::head(&COLUMNS) + &lines))
}

/// A consent as a line of the table.
pub(crate) fn line(consent: &Consent) -> String {
    let answer = if consent.is_yes { "yes" } else { "no" };
    exports::line([
        &*times::exact(consent.at),
        &consent.person.to_string(),
        &consent.name.full(),
        &consent.name.email,
        &consent.number,
        answer,
        consent.how.word(),
        &consent.wording,
    ])
}
