//! What the product refuses, and why: one value for pages and API, turned into answers in one place (`web`).

use std::fmt;
use std::time::Duration;

use crate::kernel::display;

/// A result of the product's rules.
pub type Result<T> = std::result::Result<T, Error>;

/// Why something was not done. Nothing of it was kept.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A field's value cannot be taken.
    #[error("{field}: {problem}")]
    Field {
        /// The field, as forms and the API name it.
        field: &'static str,
        /// What is wrong with it.
        problem: Problem,
    },
    /// It is not there, or not for the one who asks: both look alike.
    #[error("There is nothing here, or it is not yours to see.")]
    NotFound,
    /// The one who asks may see it but not do this with it.
    #[error("You have no access to this. Whoever manages this portal can give it to you.")]
    Forbidden,
    /// It contradicts what is there already.
    #[error("{0}")]
    Conflict(&'static str),
    /// Too many tries; the next may come after this time.
    #[error("Too many tries. Please wait a little.")]
    TooMany(Duration),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Error {
    /// The error of a field.
    pub fn field(field: &'static str, problem: Problem) -> Error {
        Error::Field { field, problem }
    }
}

/// What is wrong with a field's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// There is none, or nothing that can be seen.
    Empty,
    /// It has more than so many characters.
    TooLong(usize),
    ControlCharacters,
    /// It is no email address.
    NoAddress,
    /// It is no telephone number.
    NoNumber,
    /// It is no known time zone.
    NoTimeZone,
    /// It is a workbook and no table of text.
    Workbook,
    /// It is no text in any encoding known here.
    NotText,
    /// Its first line names neither addresses nor companies.
    NoColumns,
    /// It has more than so many lines.
    TooManyLines(usize),
    /// A quotation mark is not closed that stands at this line or after it.
    OpenQuote(u64),
    /// It stands in the same table already, at this line.
    TwiceInTable(i64),
    NoDay,
    /// It is no id of version 7.
    NoId,
    /// It is none of the values that it may have.
    NoChoice,
    /// Somebody or something else has it already.
    Taken,
    /// What it names is not there, or not for the one who asks.
    Unknown,
    /// It is not the code that was sent, or that code is no longer good.
    WrongCode,
    /// It would leave the workspace without an admin who can sign in.
    LastAdmin,
    /// Clients of several companies would meet; that has to be confirmed (C4).
    ClientsMeet,
    /// Fewer people than a group needs.
    TooFew(usize),
    /// More entries than may be given.
    TooMany(usize),
    /// The same entry more than once.
    Twice,
    /// It is no number from the one to the other.
    NotBetween(i64, i64),
    /// It has more than so many bytes.
    TooLarge(i64),
    /// There is no room left for it in the workspace.
    StorageFull,
    /// Not all of it has come yet.
    Unfinished,
    /// It is a folder with something in it.
    NotEmpty,
    /// It is no address of a page.
    NoLink,
    /// It has a merge field that is none, of this name.
    NoMergeField(String),
    /// It has a merge field, beginning so, that is not closed.
    OpenMergeField(String),
    /// It closes a merge field that was never opened.
    NothingToClose,
    /// It has more merge fields than this.
    TooManyMergeFields(usize),
    /// It is an address that only this machine or its network sees.
    NotPublic,
    /// Nested deeper than so many levels.
    TooDeep(usize),
    /// It is no colour such as `#9bbfff`.
    NoColor,
    /// Words of this colour could not be read on the one behind them.
    NoContrast,
    /// It is no picture of a kind that browsers show.
    NoPicture,
    /// It is a picture of more than so many points in width or height, or of more than so many millions in all.
    PictureTooLarge(u32, u32),
    /// It is no name of a host.
    NoHost,
    /// Another portal answers every host that none is named for, so a name may not be taken from it.
    HostsOfAnother,
    /// Who it names is not in that channel.
    NoMember,
    /// The client users it names have no company in common (C9).
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

/// What is not there for the one who asks is a problem of the field that names it.
pub(crate) fn at_field(field: &'static str, problem: Problem, found: Result<()>) -> Result<()> {
    found.map_err(|error| match error {
        Error::NotFound => Error::field(field, problem),
        other => other,
    })
}
