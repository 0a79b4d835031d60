//! Workspaces: found by host, set up once (S4), renamed everywhere at once (C2).

use std::time::Duration;

use crate::support::Office;
use domain::administration::set_up::{self, SetUp};
use domain::administration::settings::MessagingChange;
use domain::arrival::sign_in;
use domain::directory::person;
use domain::identity::sign_in_links;
use domain::kernel::access::Role;
use domain::kernel::error::{self, Error, Problem};
use domain::kernel::ids::{PersonId, WorkspaceId};
use domain::kernel::journal::Event;
use domain::tenant::settings::DefaultChannel;
use domain::tenant::workspaces::{self, Workspace};
use domain::{administration, tenant};

const DAY: Duration = Duration::from_secs(24 * 3600);

fn given() -> SetUp {
    SetUp {
        brand: "Harbor & Lee".to_string(),
        given_name: "Jane".to_string(),
        family_name: "Lee".to_string(),
        email: "jane@harbor.example".to_string(),
    }
}

fn set_up(office: &Office, secret: Option<&str>, given: SetUp) -> error::Result<(WorkspaceId, PersonId)> {
    let secret = secret.map(str::to_string);
    office.write(move |tx| set_up::set_up(tx, secret.as_deref(), &given))
}

fn link(office: &Office) -> Option<String> {
    let secret = office.write(set_up::set_up_link).expect("an answer");
    secret.map(|secret| secret.reveal().to_string())
}

fn add(office: &Office, brand: &str, host: Option<&str>) -> error::Result<WorkspaceId> {
    let (brand, host) = (brand.to_string(), host.map(str::to_string));
    office.write(move |tx| workspaces::add(tx, &brand, host.as_deref()))
}

fn by_host(office: &Office, host: &str) -> Option<WorkspaceId> {
    let host = host.to_string();
    let found = office.read(move |reader| workspaces::by_host(reader, &host)).expect("an answer");
    found.map(|workspace| workspace.id)
}

fn find(office: &Office, id: WorkspaceId) -> Workspace {
    office.read(move |reader| workspaces::find(reader, id)).expect("a workspace")
}

fn can_set_up(office: &Office, secret: &str) -> bool {
    let secret = secret.to_string();
    match office.read(move |reader| set_up::check_set_up(reader, &secret)) {
        Ok(()) => true,
        Err(Error::NotFound) => false,
        Err(error) => panic!("{error}"),
    }
}

both_engines! {
    fn s4_the_first_start_sets_up_brand_and_first_admin_with_a_one_time_link(office) {
        let secret = link(office).expect("a link");
        assert!(can_set_up(office, &secret));
        let (id, person) = set_up(office, Some(&secret), given()).unwrap();
        let workspace = find(office, id);
        assert_eq!((workspace.brand_name.as_str(), workspace.host), ("Harbor & Lee", None));
        assert_eq!(office.read(move |reader| tenant::settings::messaging(reader, id)).unwrap().default_channel, DefaultChannel::Client);
        let jane = office.read(move |reader| person::by_email(reader, id, "jane@harbor.example")).unwrap().unwrap();
        assert_eq!((jane.id, jane.role, jane.name.full().as_str()), (person, Role::Admin, "Jane Lee"));
        assert!(!can_set_up(office, &secret));
        assert!(matches!(set_up(office, Some(&secret), given()), Err(Error::Conflict(_))));
        assert_eq!(link(office), None);
    }

    fn s4_the_command_line_sets_up_without_a_link_and_only_once(office) {
        let secret = link(office).expect("a link");
        let (id, _) = set_up(office, None, given()).unwrap();
        assert!(matches!(set_up(office, None, given()), Err(Error::Conflict(_))));
        assert!(matches!(set_up(office, Some(&secret), given()), Err(Error::Conflict(_))));
        assert_eq!(by_host(office, "any.example"), Some(id));
    }

    fn s4_a_wrong_replaced_or_expired_link_sets_nothing_up(office) {
        let replaced = link(office).expect("a link");
        let newest = link(office).expect("a link");
        for secret in ["", "wrong", &replaced] {
            assert!(!can_set_up(office, secret));
            assert!(matches!(set_up(office, Some(secret), given()), Err(Error::NotFound)));
        }
        office.wait(DAY - Duration::from_millis(1));
        assert!(can_set_up(office, &newest));
        office.wait(Duration::from_millis(1));
        assert!(!can_set_up(office, &newest));
        assert!(matches!(set_up(office, Some(&newest), given()), Err(Error::NotFound)));
        assert_eq!(by_host(office, "any.example"), None);
        // The next start creates a new link.
        let again = link(office).expect("a link");
        set_up(office, Some(&again), given()).unwrap();
    }

    fn s4_wrong_input_is_told_at_its_field_and_leaves_the_link_good(office) {
        let secret = link(office).expect("a link");
        for (wrong, field) in [
            (SetUp { brand: " ".to_string(), ..given() }, "brandName"),
            (SetUp { email: "jane".to_string(), ..given() }, "email"),
            (SetUp { given_name: "x".repeat(1000), ..given() }, "givenName"),
        ] {
            match set_up(office, Some(&secret), wrong) {
                Err(Error::Field { field: found, .. }) => assert_eq!(found, field),
                other => panic!("{field}: {other:?}"),
            }
        }
        assert!(office.read(workspaces::all).unwrap().is_empty());
        set_up(office, Some(&secret), given()).unwrap();
    }

    fn s4_two_set_ups_at_the_same_moment_make_one_workspace(office) {
        let store = office.store.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let outcomes = runtime.block_on(async move {
            let mut set_ups = tokio::task::JoinSet::new();
            for _ in 0..8 {
                let store = store.clone();
                set_ups.spawn(async move { store.write(|tx| set_up::set_up(tx, None, &given())).await });
            }
            set_ups.join_all().await
        });
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        for refused in outcomes.into_iter().filter_map(Result::err) {
            assert!(matches!(refused, Error::Conflict(_)), "{refused:?}");
        }
        assert_eq!(office.read(workspaces::all).unwrap().len(), 1);
    }

    fn s4_a_link_that_sets_up_signs_nobody_in(office) {
        let secret = link(office).expect("a link");
        let (looked, tapped) = (secret.clone(), secret);
        assert!(matches!(office.read(move |reader| sign_in_links::find_link(reader, &looked)), Err(Error::NotFound)));
        assert!(matches!(office.write(move |tx| sign_in::by_link(tx, &tapped)), Err(Error::NotFound)));
    }

    fn a_host_finds_the_workspace_that_names_it_else_the_one_that_names_none(office) {
        let named = add(office, "Named", Some("Portal.Firm.example")).unwrap();
        assert_eq!(by_host(office, "portal.firm.example"), Some(named));
        assert_eq!(by_host(office, "PORTAL.firm.EXAMPLE"), Some(named));
        assert_eq!(by_host(office, "else.example"), None);
        office.wait_minutes(1);
        let open = add(office, "Open", None).unwrap();
        assert_eq!(by_host(office, "portal.firm.example"), Some(named));
        for host in ["else.example", "", "localhost", "%", "portal.firm.example.evil.example"] {
            assert_eq!(by_host(office, host), Some(open), "{host}");
        }
        let all = office.read(workspaces::all).unwrap();
        assert_eq!(all.into_iter().map(|workspace| workspace.id).collect::<Vec<_>>(), [named, open]);
    }

    fn a_host_belongs_to_one_workspace(office) {
        add(office, "First", Some("a.example")).unwrap();
        add(office, "Open", None).unwrap();
        for host in [Some("A.example"), None] {
            match add(office, "Second", host) {
                Err(Error::Field { field: "host", problem: Problem::Taken }) => {}
                other => panic!("{host:?}: {other:?}"),
            }
        }
    }

    fn c2_a_new_brand_reaches_open_pages_of_clients_and_nobody_elses(office) {
        let (firm, other) = (office.firm("a.example"), office.firm("b.example"));
        let (bo, cy) = (firm.client("Bo", &[]), other.client("Cy", &[]));
        let (of_bo, of_cy) = (firm.channel_of(bo), other.channel_of(cy));
        let ada = firm.ada;
        for _ in 0..2 {
            office.write(move |tx| workspaces::rename(tx, &ada, " Harbor ")).unwrap();
        }
        assert_eq!(find(office, firm.workspace).brand_name, "Harbor");
        assert_eq!(find(office, other.workspace).brand_name, "Brand");
        let told = |events: Vec<Event>, channel| {
            events.iter().filter(|event| **event == Event::ChannelUpdated { channel }).count()
        };
        assert_eq!(told(firm.told(), of_bo), 1, "the same name again is no change");
        assert_eq!(told(other.told(), of_cy), 0);
    }

    fn only_admins_change_a_workspace(office) {
        let firm = office.firm("a.example");
        let (sam, bo) = (firm.staff("Sam"), firm.client_actor("Bo", &[]));
        let rename = |actor| office.write(move |tx| workspaces::rename(tx, &actor, "Mine"));
        let company = MessagingChange { default_channel: Some(DefaultChannel::Company), ..MessagingChange::default() };
        let choose = |actor| office.write(move |tx| administration::settings::change_messaging(tx, &actor, &company));
        for outcome in [rename(sam), choose(sam)] {
            assert!(matches!(outcome, Err(Error::Forbidden)));
        }
        for outcome in [rename(bo), choose(bo)] {
            assert!(matches!(outcome, Err(Error::NotFound)));
        }
        assert_eq!(find(office, firm.workspace).brand_name, "Brand");
        choose(firm.ada).unwrap();
        assert_eq!(office.read(move |reader| tenant::settings::messaging(reader, firm.workspace)).unwrap().default_channel, DefaultChannel::Company);
    }
}
