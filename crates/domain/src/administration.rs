//! Use cases that change people, companies, projects and settings, together with everything that depends on them.

pub mod clients;
pub mod companies;
pub mod deactivation;
pub mod deletion;
pub mod personal_data_export;
pub mod profile;
pub mod projects;
pub mod save_person;
pub mod set_up;
pub mod settings;
pub mod team;
