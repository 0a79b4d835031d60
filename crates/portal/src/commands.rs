//! The command line: the command, and the settings as options.

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Args, FromArgMatches, Parser, Subcommand};

use crate::error::Result;
use crate::settings::{File, SETTINGS, Settings, Sources};
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

pub(crate) async fn run() -> Result<ExitCode> {
    let matches = command_line().get_matches();
    let CommandLine { command, config } =
        CommandLine::from_arg_matches(&matches).expect("the matches are those of this command line");
    let settings = read(&matches, config.as_deref(), !matches!(command, Command::Demo));
    let settings = match (&command, settings) {
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
        Command::Backup { file } => return backup::run(settings, &file).await,
        Command::Restore { file } => return restore::run(settings, &file).await,
        Command::Bounce => return Ok(bounce::run(&settings).await),
        Command::Doctor(doctor) => return Ok(doctor.run(&settings).await),
    }
    Ok(ExitCode::SUCCESS)
}

/// A firm's portal: chat with its clients
#[derive(Debug, Parser)]
#[command(
    version,
    arg_required_else_help = true,
    after_help = "Every setting can also be given as PORTAL_DATA, PORTAL_LISTEN and so on in the environment, or as data, \
                  listen and so on in portal.toml. An option goes before the environment, that before the file."
)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
    /// File of settings [default: portal.toml, where it is there]
    #[arg(long, value_name = "FILE", global = true, help_heading = "Settings")]
    config: Option<PathBuf>,
}

/// The whole command line. The settings are options of every command.
fn command_line() -> clap::Command {
    let settings = SETTINGS.map(|setting| {
        Arg::new(setting.option)
            .long(setting.option)
            .value_name(setting.value)
            .help(setting.help)
            .global(true)
            .help_heading("Settings")
    });
    CommandLine::augment_args(clap::Command::new("portal").args(settings))
}

/// An option, given before or after the command.
fn option(matches: &ArgMatches, name: &str) -> Option<String> {
    matches.get_one::<String>(name).cloned()
}

fn read(matches: &ArgMatches, config: Option<&Path>, with_default_file: bool) -> Result<Settings> {
    let file = match config {
        Some(path) => File::read(path, true)?,
        None if with_default_file => File::read(Path::new("portal.toml"), false)?,
        None => File::default(),
    };
    let sources =
        Sources { option: &|name| option(matches, name), variable: &|name| env::var_os(name), file };
    Ok(Settings::read(&sources)?)
}

/// Whether a data folder was named, so that the demonstration needs none of its own.
fn is_data_given(matches: &ArgMatches) -> bool {
    option(matches, "data").is_some() || env::var_os("PORTAL_DATA").is_some_and(|folder| !folder.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        command_line().debug_assert();
    }

    #[test]
    fn settings_may_stand_before_and_after_the_command() {
        for line in [["portal", "--data", "x", "serve"], ["portal", "serve", "--data", "x"]] {
            let matches = command_line().try_get_matches_from(line).unwrap();
            assert_eq!(option(&matches, "data").as_deref(), Some("x"));
        }
    }
}
