//! Client users, companies and projects: lists, their pages, imports and personal data exports.

pub(crate) mod client;
pub(crate) mod companies;
pub(crate) mod company_choices;
pub(crate) mod imports;
pub(crate) mod list;
pub(crate) mod personal_data_export;
pub(crate) mod project;
pub(crate) mod projects;
pub(crate) mod subject_channel;
