//! The list of projects. Adding one and the page of one are in [`super::project`].

use askama::Template;
use domain::directory::companies;
use domain::directory::projects::{self, Project, ProjectFilter};
use domain::kernel::ids::ProjectId;
use domain::kernel::{access, error};
use store::Reader;

use crate::http::answers::Result;
use crate::http::avatars::Avatar;
use crate::http::extractors::Query;
use crate::http::layout::{Layout, Module};
use crate::http::paging::{self, ListQuery, Listing};
use crate::http::routes::Routes;
use crate::http::visit::Visit;
use crate::http::visitor::Visitor;
use crate::pages::clients::subject_channel;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get("/projects", list)
}

struct Row {
    project: Project,
    face: Avatar,
    /// The name of its company; empty for none.
    company: String,
    /// The names of the people on it.
    people: Vec<String>,
}

#[derive(Template)]
#[template(path = "projects/list.html")]
struct ListPage {
    layout: Layout,
    listing: Listing,
    rows: Vec<Row>,
    /// There is no project at all, not even an archived one.
    is_first: bool,
}

async fn list(visit: Visit, Query(wanted): Query<ListQuery<ProjectId>>) -> Result {
    visit.show(move |reader, visitor| ListPage::read(reader, visitor, &wanted)).await
}

impl ListPage {
    fn read(reader: &Reader, visitor: &Visitor, wanted: &ListQuery<ProjectId>) -> error::Result<ListPage> {
        let actor = &visitor.actor;
        access::internal(actor)?;
        let after = match wanted.after {
            Some(last) => Some((projects::find(reader, actor, last)?.title, last)),
            None => None,
        };
        let filter = ProjectFilter { text: wanted.find.clone(), archived: wanted.archived.is_some(), after };
        let mut found = projects::list(reader, actor, &filter, paging::READ)?;
        let all = ProjectFilter { archived: true, ..ProjectFilter::default() };
        let is_first = found.is_empty() && projects::list(reader, actor, &all, 1)?.is_empty();
        let listing = paging::cut("/projects", wanted, &mut found, |project| project.id);
        let rows = found
            .into_iter()
            .map(|project| {
                let company = match project.company {
                    Some(company) => subject_channel::seen(companies::find(reader, actor, company))?,
                    None => None,
                };
                let people = projects::people_of(reader, actor, project.id)?;
                Ok(Row {
                    face: Avatar::of_title(project.id.0, &project.title),
                    company: company.map(|company| company.name).unwrap_or_default(),
                    people: people.iter().map(|person| person.name.full()).collect(),
                    project,
                })
            })
            .collect::<error::Result<_>>()?;
        let layout = Layout::read(reader, visitor, Module::Clients, "Projects")?;
        Ok(ListPage { layout, listing, rows, is_first })
    }
}
