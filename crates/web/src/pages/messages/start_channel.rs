//! Conversations that client users may start with one tap, if the workspace allows it (C5): about themselves, their
//! companies and their projects. An existing channel is opened; its readers are listed above the composer (C7).

use askama::Template;
use domain::channels::starting::{self, Subject};
use domain::kernel::error::{self, Error};
use store::Reader;

use crate::http::answers::Result;
use crate::http::avatars::Avatar;
use crate::http::layout::{Layout, Module};
use crate::http::times;
use crate::http::visit::Visit;
use crate::http::visitor::Visitor;
use crate::pages::messages::channel_list::{List, Listing};

/// A subject of the visitor's own.
struct Own {
    /// The value that the form sends.
    subject: String,
    title: String,
    face: Avatar,
    /// The names of those who will read it.
    readers: String,
}

#[derive(Template)]
#[template(path = "messages/start.html")]
struct StartPage {
    layout: Layout,
    list: List,
    own: Vec<Own>,
}

/// The page with all of them. It does not exist for visitors who may start none.
pub(crate) async fn show(visit: Visit) -> Result {
    visit.show(StartPage::read).await
}

impl StartPage {
    fn read(reader: &Reader, visitor: &Visitor) -> error::Result<StartPage> {
        let startable = starting::startable(reader, &visitor.actor)?;
        if startable.is_empty() {
            return Err(Error::NotFound);
        }
        let layout = Layout::read(reader, visitor, Module::Messages, "New conversation")?;
        let zone = times::zone(layout.time_zone.as_deref());
        let brand = &visitor.workspace.brand_name;
        let own = startable.into_iter().filter_map(|one| {
            let (kind, id, readers) = match one.subject {
                Subject::Client(client) => ("client", client.0, format!("You and {brand}")),
                Subject::Company(company) => ("company", company.0, format!("Your company and {brand}")),
                Subject::Project(project) => {
                    ("project", project.0, format!("Everybody on the project, and {brand}"))
                }
                Subject::Group(..) => return None,
            };
            let face = Avatar::of_title(id, &one.title);
            Some(Own { subject: format!("{kind}:{id}"), title: one.title, face, readers })
        });
        let own = own.collect();
        let list = List::of(reader, visitor, Module::Messages, &Listing::default(), None, &zone)?;
        Ok(StartPage { list, own, layout })
    }
}
