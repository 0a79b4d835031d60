//! The command line: which command, with which settings.

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Arg, ArgMatches, FromArgMatches, Subcommand};

use crate::error::Result;
use crate::settings::{File, Settings, Sources, WORDS};
use crate::{backup, bounce, demo, doctor, init, key, log, restore, sign_in_link, start, workspace};

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the portal; on an empty data folder, print the link that sets it up
    Serve,
    /// A furnished portal to look around in, with sign-in addresses for each kind of person
    Demo,
    /// Set the portal up without a browser
    Init(init::Init),
    /// Keys for programs
    #[command(subcommand)]
    Key(KeyCommand),
    /// The firms of this installation
    #[command(subcommand)]
    Workspace(workspace::WorkspaceCommand),
    /// Print a one-time address that signs a person in
    SignInLink(sign_in_link::SignInLink),
    /// Write a whole, consistent copy of the database, while the portal runs
    Backup {
        /// The file to write; it must not be there yet
        file: PathBuf,
    },
    /// Read a backup into a data folder or database without a portal
    Restore {
        /// The file that `portal backup` wrote
        file: PathBuf,
    },
    /// Take a mail that came back to the sender's address, from standard input
    Bounce,
    /// Check configuration, database, mail, disk and clock, and say what to do
    Doctor(doctor::Doctor),
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Make a key that speaks as an admin; print it, alone on a line
    Create(key::Create),
}

/// Does what the command line says.
///
/// # Errors
/// Why it was not done.
pub(crate) async fn run() -> Result<ExitCode> {
    let matches = program().get_matches();
    let command = Command::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let settings = match (&command, read(&matches, !matches!(command, Command::Demo))) {
        (Command::Doctor(_), Err(error)) => return Ok(doctor::settings_are_wrong(&error)),
        (_, settings) => settings?,
    };
    log::start(&settings, if matches!(command, Command::Serve) { "info" } else { "warn" });
    match command {
        Command::Serve => start::serve(settings).await?,
        Command::Demo => demo::run(settings, is_data_given(&matches)).await?,
        Command::Init(init) => init.run(&settings).await?,
        Command::Key(KeyCommand::Create(create)) => create.run(&settings).await?,
        Command::Workspace(command) => command.run(&settings).await?,
        Command::SignInLink(link) => link.run(&settings).await?,
        Command::Backup { file } => backup::run(settings, &file).await?,
        Command::Restore { file } => restore::run(settings, &file).await?,
        Command::Bounce => return Ok(bounce::run(&settings).await),
        Command::Doctor(doctor) => return Ok(doctor.run(&settings).await),
    }
    Ok(ExitCode::SUCCESS)
}

/// The whole command line. The settings are options of every command.
fn program() -> clap::Command {
    let mut program = clap::Command::new("portal")
        .about("A firm's portal: chat with its clients")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .after_help(
            "Every setting can also be given as PORTAL_DATA, PORTAL_LISTEN and so on in the environment, or as data, \
             listen and so on in portal.toml. An option goes before the environment, that before the file.",
        );
    for word in &WORDS {
        let arg = Arg::new(word.key)
            .long(word.option)
            .value_name(word.value)
            .help(word.meaning)
            .global(true)
            .help_heading("Settings");
        program = program.arg(arg);
    }
    let config = Arg::new("config")
        .long("config")
        .value_name("FILE")
        .help("File of settings [default: portal.toml, where it is there]")
        .global(true)
        .help_heading("Settings");
    Command::augment_subcommands(program.arg(config))
}

/// The options of the command that was given, where clap puts even those that stood before it.
fn option(matches: &ArgMatches, key: &str) -> Option<String> {
    matches.get_one::<String>(key).cloned()
}

fn read(matches: &ArgMatches, with_usual_file: bool) -> Result<Settings> {
    let file = match option(matches, "config") {
        Some(path) => File::read(Path::new(&path), true)?,
        None if with_usual_file => File::read(Path::new("portal.toml"), false)?,
        None => File::default(),
    };
    let sources = Sources { option: &|key| option(matches, key), variable: &|name| env::var_os(name), file };
    Ok(Settings::read(&sources)?)
}

/// Whether somebody named a data folder, so that the demonstration needs none of its own.
fn is_data_given(matches: &ArgMatches) -> bool {
    option(matches, "data").is_some() || env::var_os("PORTAL_DATA").is_some_and(|folder| !folder.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        program().debug_assert();
    }

    #[test]
    fn settings_may_stand_before_and_after_the_command() {
        for line in [["portal", "--data", "x", "serve"], ["portal", "serve", "--data", "x"]] {
            let matches = program().try_get_matches_from(line).unwrap();
            assert_eq!(option(&matches, "data").as_deref(), Some("x"));
        }
    }
}
