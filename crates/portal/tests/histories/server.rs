//! The portal under trouble: it is killed, it stands still, its database goes away.

use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::support::{INIT, JANE, Machine, Running, text};

/// How long something stands still.
const STILL: Duration = Duration::from_millis(300);

/// What happens while programs work.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trouble {
    Nothing,
    /// SIGKILL, and a new start.
    Killed,
    /// The process stands still (SIGSTOP).
    Still,
    /// PostgreSQL ends its sessions.
    SessionsEnded,
    /// A process of PostgreSQL is killed: it ends all sessions and recovers.
    DatabaseKilled,
    /// The sessions of PostgreSQL stand still.
    DatabaseStill,
}

impl Trouble {
    pub(crate) const ALONE: &[Trouble] =
        &[Trouble::Nothing, Trouble::Killed, Trouble::Still, Trouble::Killed];
    pub(crate) const WITH_POSTGRES: &[Trouble] = &[
        Trouble::Nothing,
        Trouble::Killed,
        Trouble::SessionsEnded,
        Trouble::DatabaseKilled,
        Trouble::Still,
        Trouble::DatabaseStill,
    ];
}

/// A database on the server that the tests were given.
pub(crate) struct Postgres {
    address: String,
    name: String,
}

impl Postgres {
    /// `None` where the tests have no PostgreSQL.
    pub(crate) fn create() -> Option<Postgres> {
        let server = std::env::var("PORTAL_TEST_POSTGRES").ok()?;
        let name = format!("histories_{}", std::process::id());
        psql(&format!("CREATE DATABASE {name}"));
        let (address, _) = server.rsplit_once('/').expect("an address with a database");
        Some(Postgres { address: format!("{address}/{name}"), name })
    }

    /// The processes of our sessions.
    fn sessions(&self) -> Vec<String> {
        let ids = psql(&format!("SELECT pid FROM pg_stat_activity WHERE datname = '{}'", self.name));
        ids.lines().map(str::to_string).collect()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        psql(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

/// Runs a statement as the server's administrator.
fn psql(statement: &str) -> String {
    let output = Command::new("psql").args(["-qtAX", "-c", statement]).output().expect("psql runs");
    assert!(output.status.success(), "{statement}: {}", text(&output.stderr));
    text(&output.stdout)
}

fn signal(name: &str, processes: &[String]) {
    // A session may have ended by itself meanwhile.
    let _ = Command::new("kill").arg(format!("-{name}")).args(processes).stderr(Stdio::null()).status();
}

pub(crate) struct Server {
    machine: Machine,
    postgres: Option<Postgres>,
    running: Option<Child>,
    pub(crate) host: String,
}

impl Server {
    /// Sets a portal up and starts it; also returns a key of its admin.
    pub(crate) fn start(postgres: Option<Postgres>) -> (Server, String) {
        let machine = Machine::new();
        let mut server = Server { machine, postgres, running: None, host: String::new() };
        assert!(server.command(&INIT).status().expect("it runs").success());
        let key = server.command(&["key", "create", "--as", JANE]).output().expect("it runs");
        // Any port at first, the same one afterwards.
        let mut first = Running::start(&mut server.command(&["serve", "--listen", "127.0.0.1:0"]));
        server.host = first.address.strip_prefix("http://").expect("an address").to_string();
        first.signal("TERM");
        let _ = first.line();
        first.wait();
        server.run();
        (server, text(&key.stdout).trim().to_string())
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = self.machine.command(words);
        if let Some(postgres) = &self.postgres {
            command.env("PORTAL_DATABASE_URL", &postgres.address);
        }
        command
    }

    fn run(&mut self) {
        let words = ["serve", "--listen", &self.host, "--api-rate", "100000000", "--log", "error"];
        let mut command = self.command(&words);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        self.running = Some(command.spawn().expect("it starts"));
    }

    pub(crate) fn trouble(&mut self, trouble: Trouble) {
        let sessions = || self.postgres.as_ref().map(Postgres::sessions).unwrap_or_default();
        match trouble {
            Trouble::Nothing => {}
            Trouble::Killed => {
                self.kill();
                self.run();
            }
            Trouble::Still => still(&[self.running.as_ref().expect("it runs").id().to_string()]),
            Trouble::SessionsEnded => signal("TERM", &sessions()),
            Trouble::DatabaseKilled => signal("KILL", &sessions()[..1]),
            Trouble::DatabaseStill => still(&sessions()),
        }
    }

    fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.kill().expect("SIGKILL");
            running.wait().expect("it is gone");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn still(processes: &[String]) {
    signal("STOP", processes);
    thread::sleep(STILL);
    signal("CONT", processes);
}
