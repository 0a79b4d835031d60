//! `portal init`: the set-up without a browser.

use clap::Args;
use domain::administration::set_up::{self, SetUp};
use domain::kernel::error;

use crate::data::{self, Data};
use crate::error::{Error, Result};
use crate::settings::Settings;

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// What the firm is called
    #[arg(long)]
    brand: String,
    /// The first admin's name, such as "Jane Lee"
    #[arg(long)]
    admin_name: String,
    /// The first admin's email address
    #[arg(long)]
    admin_email: String,
}

impl Init {
    pub(crate) async fn run(self, settings: &Settings) -> Result<()> {
        Data::create(&settings.data)?;
        let store = data::open(&settings.database)?;
        let (given_name, family_name) = split(&self.admin_name);
        let given = SetUp {
            brand: self.brand.clone(),
            given_name: given_name.to_string(),
            family_name: family_name.to_string(),
            email: self.admin_email.clone(),
        };
        let done = store.write(move |tx| set_up::set_up(tx, None, &given)).await;
        store.close();
        done.map_err(in_options)?;
        println!(
            "{} is set up. Sign in with: portal sign-in-link {}",
            self.brand.trim(),
            self.admin_email.trim()
        );
        Ok(())
    }
}

/// Given and family name: the last word is the family name.
pub(crate) fn split(name: &str) -> (&str, &str) {
    name.trim().rsplit_once(' ').unwrap_or((name, ""))
}

/// Names the option instead of the field in an error.
pub(crate) fn in_options(error: error::Error) -> Error {
    match error {
        error::Error::Field { field, problem } => {
            let option = match field {
                "brandName" => "--brand",
                "givenName" | "familyName" => "--admin-name",
                "email" => "--admin-email",
                "host" => "--host",
                other => other,
            };
            Error::refused(format!("{option}: {problem}"))
        }
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_of_a_name_is_the_familys() {
        for (name, parts) in [
            ("Jane Lee", ("Jane", "Lee")),
            ("Mary Ann Lee ", ("Mary Ann", "Lee")),
            ("Jane", ("Jane", "")),
            ("", ("", "")),
        ] {
            assert_eq!(split(name), parts);
        }
    }
}
