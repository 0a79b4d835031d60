//! The companies that a form offers.

use domain::directory;
use domain::directory::companies;
use domain::kernel::error;
use domain::kernel::ids::{CompanyId, PersonId};
use store::Reader;

use crate::http::forms::{self, Choice};
use crate::http::visitor::Visitor;
use crate::pages::clients::subject_channel;

/// The most companies that a form lists.
const COMPANIES_MAX: i64 = 1_000;

/// The names of a client user's companies, separated by commas; empty if there are none.
pub(crate) fn company_names(reader: &Reader, visitor: &Visitor, client: PersonId) -> error::Result<String> {
    let companies = directory::clients::companies_of(reader, &visitor.actor, client)?;
    let names =
        companies.into_iter().filter(|(_, _, is_placeholder)| !is_placeholder).map(|(_, name, _)| name);
    Ok(names.collect::<Vec<_>>().join(", "))
}

/// The companies that the visitor may see. Those in `chosen` are always included.
pub(crate) fn company_choices(
    reader: &Reader,
    visitor: &Visitor,
    chosen: &[CompanyId],
) -> error::Result<Vec<Choice>> {
    let filter = companies::CompanyFilter::default();
    let mut all = companies::list(reader, &visitor.actor, &filter, COMPANIES_MAX)?;
    for company in chosen.iter().take(forms::CHOICES_MAX) {
        if !all.iter().any(|known| known.id == *company) {
            let found = subject_channel::seen(companies::find(reader, &visitor.actor, *company))?;
            all.extend(found.filter(|found| found.placeholder_at.is_none()));
        }
    }
    let choice = |company: companies::Company| Choice {
        value: company.id.to_string(),
        name: company.name,
        note: String::new(),
        chosen: chosen.contains(&company.id),
    };
    Ok(all.into_iter().map(choice).collect())
}
