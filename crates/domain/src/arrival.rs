//! Use cases by which people arrive: signing in, invitations, joining, imports.

pub mod company_suggestion;
pub mod complete_sign_in;
pub mod import_table;
pub mod importing;
pub mod imports;
pub mod invitations;
pub mod joining;
pub mod sign_in;
