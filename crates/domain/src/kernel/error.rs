//! What the product refuses, and why: one type for pages and API. The `web` crate turns it into answers in one place.

use std::fmt;
use std::time::Duration;

use crate::kernel::display;

pub type Result<T> = std::result::Result<T, Error>;

/// Why something was not done. Nothing of it was stored.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A field's value is not accepted.
    #[error("{field}: {problem}")]
    Field {
        /// As forms and the API name it.
        field: &'static str,
        problem: Problem,
    },
    /// It does not exist, or the requester may not see it: both look alike.
    #[error("There is nothing here, or it is not yours to see.")]
    NotFound,
    /// The requester may see it but not do this with it.
    #[error("You have no access to this. Whoever manages this portal can give it to you.")]
    Forbidden,
    /// It contradicts the current state.
    #[error("{0}")]
    Conflict(&'static str),
    /// A rate limit was reached; try again after this time.
    #[error("Too many tries. Please wait a little.")]
    TooMany(Duration),
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Error {
    pub fn field(field: &'static str, problem: Problem) -> Error {
        Error::Field { field, problem }
    }

    /// Logs `what` it led to; once a minute if every request fails alike.
    pub fn log(&self, what: impl fmt::Display) {
        match self {
            Error::Store(cause) => cause.log(what),
            other => tracing::error!(error = %other, "{what}"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Missing, or without a visible character.
    Empty,
    /// The limit, in characters.
    TooLong(usize),
    ControlCharacters,
    NoAddress,
    NoNumber,
    /// Not in the IANA database.
    NoTimeZone,
    /// A spreadsheet file instead of CSV.
    Workbook,
    /// Not text in any supported encoding.
    NotText,
    /// The first line names neither an address nor a company column.
    NoColumns,
    /// The limit.
    TooManyLines(usize),
    /// A quotation mark at or after this line is not closed.
    OpenQuote(u64),
    /// The same address is already at this line of the table.
    TwiceInTable(i64),
    NoDay,
    /// Not a UUID of version 7.
    NoId,
    /// Not one of the allowed values.
    NoChoice,
    /// Already in use elsewhere.
    Taken,
    /// What it names does not exist, or the requester may not see it.
    Unknown,
    /// Not the code that was sent, or the code has expired.
    WrongCode,
    /// It would leave the workspace without an admin who can sign in.
    LastAdmin,
    /// Clients of several companies would meet, which needs confirmation (C4).
    ClientsMeet,
    /// The minimum number of people in a group.
    TooFew(usize),
    /// The limit on entries.
    TooMany(usize),
    Twice,
    /// Minimum and maximum.
    NotBetween(i64, i64),
    /// The limit, in bytes.
    TooLarge(i64),
    /// The workspace has no storage left for it.
    StorageFull,
    /// The upload is not complete.
    Unfinished,
    /// A folder with entries in it.
    NotEmpty,
    /// Not a web address.
    NoLink,
    /// No merge field has this name.
    NoMergeField(String),
    /// A merge field that begins like this is not closed.
    OpenMergeField(String),
    /// It closes a merge field that was never opened.
    NothingToClose,
    /// The limit.
    TooManyMergeFields(usize),
    /// An address that only this machine or its network can reach (H4).
    NotPublic,
    /// The limit on nested levels.
    TooDeep(usize),
    /// Not a color such as `#9bbfff`.
    NoColor,
    /// Text of this color would be unreadable on its background.
    NoContrast,
    /// Not a picture of a supported format.
    NoPicture,
    /// The limits: pixels of width or height, and million pixels in all.
    PictureTooLarge(u32, u32),
    /// Not a host name.
    NoHost,
    /// Another portal answers to all host names, so no name may be taken from it (B3).
    HostsOfAnother,
    /// The person is not in that channel.
    NoMember,
    /// The client users have no company in common (C9).
    NothingInCommon,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Empty => write!(f, "Please fill this in."),
            Problem::TooLong(most) => write!(f, "Please use at most {most} characters."),
            Problem::ControlCharacters => write!(f, "Please leave out control characters."),
            Problem::NoAddress => write!(f, "Please give an email address, such as jane@example.com."),
            Problem::NoNumber => {
                write!(f, "Please give the number with its country code, such as +44 20 7946 0018.")
            }
            Problem::NoTimeZone => write!(f, "Please choose a time zone from the list."),
            Problem::Workbook => {
                write!(
                    f,
                    "This is a workbook. Please save it as CSV in the program that made it, and choose that file."
                )
            }
            Problem::NotText => {
                write!(f, "This cannot be read as a table of text. Please save it as CSV in UTF-8.")
            }
            Problem::NoColumns => write!(
                f,
                "The first line has to name the columns: Email or Company, and Given name, Family name and Mobile where you have them."
            ),
            Problem::TooManyLines(most) => {
                write!(
                    f,
                    "Please hand in at most {} lines at once. Split the table and hand its parts in one by one.",
                    display::number(*most)
                )
            }
            Problem::OpenQuote(line) => {
                write!(f, "A quotation mark is not closed, at line {line} or after it. Please close it.")
            }
            Problem::TwiceInTable(line) => write!(f, "This address stands at line {line} already."),
            Problem::NoDay => write!(f, "Please give a day such as 2026-01-31."),
            Problem::NoId => write!(f, "This is not a valid id (UUID version 7)."),
            Problem::NoChoice => write!(f, "Please choose one of the offered values."),
            Problem::Taken => write!(f, "This is already in use."),
            Problem::Unknown => write!(f, "This is not known here."),
            Problem::WrongCode => write!(f, "This code is wrong or no longer valid."),
            Problem::LastAdmin => write!(f, "The workspace needs at least one active admin."),
            Problem::ClientsMeet => {
                write!(f, "Client users of different companies will meet here. Please confirm that.")
            }
            Problem::TooFew(least) => write!(f, "Please choose at least {least}."),
            Problem::TooMany(most) => write!(f, "Please give at most {most}."),
            Problem::Twice => write!(f, "Please name each only once."),
            Problem::NotBetween(least, most) => write!(f, "Please give a number from {least} to {most}."),
            Problem::TooLarge(most) => {
                write!(f, "Please choose a file of at most {}.", display::size(*most))
            }
            Problem::StorageFull => {
                write!(f, "There is no room left for files here. Please remove some, or ask for more room.")
            }
            Problem::Unfinished => write!(f, "This file has not come completely yet."),
            Problem::NotEmpty => write!(f, "Folder is not empty"),
            Problem::NotPublic => {
                write!(f, "This address does not lead to the internet, and others are not called from here.")
            }
            Problem::NoLink => {
                write!(f, "Please give the address of a page, such as https://example.com/.")
            }
            Problem::NoMergeField(name) => {
                write!(f, "There is no merge field {{{{{name}}}}}. Please take one from the list.")
            }
            Problem::OpenMergeField(begin) => {
                write!(f, "A merge field ends with }}}}. This one does not: {{{{{begin}")
            }
            Problem::NothingToClose => {
                write!(f, "There is a }}}} without the {{{{ that begins a merge field.")
            }
            Problem::TooManyMergeFields(most) => write!(f, "Please use at most {most} merge fields."),
            Problem::TooDeep(most) => write!(f, "Please nest at most {most} levels."),
            Problem::NoColor => write!(f, "Please give a colour such as #9bbfff."),
            Problem::NoContrast => write!(
                f,
                "Words of this colour could not be read on that one: choose a lighter or darker one, or leave it empty to have it chosen."
            ),
            Problem::NoPicture => write!(f, "This is no picture. Please choose a PNG, JPEG, WebP or GIF."),
            Problem::PictureTooLarge(side, millions) => write!(
                f,
                "This picture is too large. Please choose one of at most {side} points a side and {millions} million in all."
            ),
            Problem::NoHost => {
                write!(
                    f,
                    "Please give a host name alone, such as portal.example.com: without https:// and without a slash."
                )
            }
            Problem::HostsOfAnother => write!(
                f,
                "Another portal here answers all other host names. Whoever runs the server has to give that one a name first."
            ),
            Problem::NoMember => write!(f, "This person is not in that channel."),
            Problem::NothingInCommon => write!(f, "These client users have no company in common."),
        }
    }
}

/// Turns `NotFound` into a problem of the field that names the missing thing.
pub(crate) fn at_field(field: &'static str, problem: Problem, found: Result<()>) -> Result<()> {
    found.map_err(|error| match error {
        Error::NotFound => Error::field(field, problem),
        other => other,
    })
}
