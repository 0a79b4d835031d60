//! People, companies and projects: rows and the queries that find them, with the changes to company rows. Relies on
//! `kernel` and `tenant`.

pub mod addressee;
pub mod clients;
pub mod companies;
pub mod company_overlap;
pub mod company_rows;
pub mod people_list;
pub mod person;
pub mod projects;
pub mod team;
