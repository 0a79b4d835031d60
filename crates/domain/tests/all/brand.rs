//! A firm's brand and its portal's host name: who may change them, what is refused, and what follows (B1 to B3).

use crate::support::Office;
use domain::administration::set_up::{self, SetUp};
use domain::identity::sessions;
use domain::kernel::access::{self, Actor};
use domain::kernel::audit_log;
use domain::kernel::error::{self, Error, Problem};
use domain::kernel::ids::WorkspaceId;
use domain::tenant::brand::{Brand, Ink};
use domain::tenant::brand_settings::{self, BrandChange, Picture, Pictures, Place};
use domain::tenant::workspaces::{self, Workspace};

fn change(office: &Office, who: Actor, change: BrandChange) -> error::Result<()> {
    office.write(move |tx| brand_settings::change(tx, &who, &change))
}

fn side(back: &str, text: &str) -> BrandChange {
    BrandChange { side: Some(back.to_string()), side_text: Some(text.to_string()), ..BrandChange::default() }
}

fn accent(accent: &str) -> BrandChange {
    BrandChange { accent: Some(accent.to_string()), ..BrandChange::default() }
}

fn find(office: &Office, id: WorkspaceId) -> Workspace {
    office.read(move |reader| workspaces::find(reader, id)).unwrap()
}

fn looks(office: &Office, id: WorkspaceId) -> Brand {
    find(office, id).brand
}

fn moves(office: &Office, who: Actor, host: &str, asked_at: &str) -> error::Result<()> {
    let (host, asked_at) = (host.to_string(), asked_at.to_string());
    office.write(move |tx| workspaces::change_host(tx, &who, &host, &asked_at))
}

fn answers(office: &Office, host: &str) -> Option<WorkspaceId> {
    let host = host.to_string();
    office.read(move |reader| workspaces::by_host(reader, &host)).unwrap().map(|workspace| workspace.id)
}

fn pictures(place: Place) -> Pictures {
    let name = format!("{}.png", place.word());
    let picture = Picture { name, content_type: "image/png".to_string(), bytes: vec![1, 2, 3] };
    Pictures { made: vec![picture], dimensions: (200, 50), ink: Some(Ink::Dark) }
}

fn set(office: &Office, who: Actor, place: Place, pictures: Option<Pictures>) -> error::Result<()> {
    office.write(move |tx| brand_settings::set_pictures(tx, &who, place, pictures.as_ref()))
}

fn served(office: &Office, id: WorkspaceId, name: &str) -> bool {
    let name = name.to_string();
    match office.read(move |reader| brand_settings::picture(reader, id, &name)) {
        Ok(picture) => !picture.bytes.is_empty(),
        Err(Error::NotFound) => false,
        Err(error) => panic!("{error}"),
    }
}

both_engines! {
    fn b1_colours_are_kept_as_given_and_shown_so_that_they_can_be_read(office) {
        let firm = office.firm("a.example");
        assert_eq!(looks(office, firm.workspace), Brand::default());
        change(office, firm.ada, accent("#FFD400")).unwrap();
        change(office, firm.ada, side("#12324A", "")).unwrap();
        let found = looks(office, firm.workspace);
        assert_eq!(found.accent.as_deref(), Some("#ffd400"));
        assert_ne!(found.accent().unwrap().light.fill.to_string(), "#ffd400");
        assert_eq!(found.side().unwrap().text.to_string(), "#ffffff");
        change(office, firm.ada, accent("")).unwrap();
        assert_eq!(looks(office, firm.workspace).accent, None);
        assert_eq!(looks(office, firm.workspace).side.as_deref(), Some("#12324a"));
    }

    fn b1_words_that_could_not_be_read_on_the_sidebar_are_refused_and_change_nothing(office) {
        let firm = office.firm("a.example");
        change(office, firm.ada, side("#12324a", "#ffffff")).unwrap();
        let name = Some("Other".to_string());
        for wrong in [
            BrandChange { name: name.clone(), ..side("#ffffff", "#eeeeee") },
            BrandChange { name: name.clone(), side: Some("#fafafa".to_string()), ..BrandChange::default() },
        ] {
            let refused = change(office, firm.ada, wrong);
            assert!(matches!(refused, Err(Error::Field { field: "colorSidebarText", problem: Problem::NoContrast })), "{refused:?}");
        }
        let refused = change(office, firm.ada, BrandChange { name, ..accent("red") });
        assert!(matches!(refused, Err(Error::Field { field: "colorAccent", problem: Problem::NoColor })));
        assert_eq!(find(office, firm.workspace).brand_name, "Brand");
        assert_eq!(looks(office, firm.workspace).side.as_deref(), Some("#12324a"));
    }

    fn b1_only_admins_change_a_brand_and_it_is_recorded(office) {
        let (firm, other) = (office.firm("a.example"), office.firm("b.example"));
        let (sam, bo) = (firm.staff("Sam"), firm.client_actor("Bo", &[]));
        assert!(matches!(change(office, sam, accent("#0b7a5c")), Err(Error::Forbidden)));
        assert!(matches!(change(office, bo, accent("#0b7a5c")), Err(Error::NotFound)));
        assert!(matches!(set(office, sam, Place::Logo, Some(pictures(Place::Logo))), Err(Error::Forbidden)));
        assert!(matches!(set(office, bo, Place::Logo, None), Err(Error::NotFound)));
        assert!(matches!(moves(office, sam, "c.example", "a.example"), Err(Error::Forbidden)));
        assert!(matches!(moves(office, bo, "c.example", "a.example"), Err(Error::NotFound)));
        assert_eq!(looks(office, firm.workspace), Brand::default());
        change(office, firm.ada, accent("#0b7a5c")).unwrap();
        let ada = firm.ada;
        let newest = office.read(move |reader| audit_log::list(reader, &ada, &audit_log::Filter::default(), 1)).unwrap();
        assert!(format!("{newest:?}").contains("#0b7a5c"), "{newest:?}");
        assert_eq!(looks(office, other.workspace), Brand::default());
    }

    fn b2_pictures_are_set_replaced_and_taken_away_for_one_firm(office) {
        let (firm, other) = (office.firm("a.example"), office.firm("b.example"));
        for place in Place::ALL {
            set(office, firm.ada, place, Some(pictures(place))).unwrap();
            let name = format!("{}.png", place.word());
            assert!(served(office, firm.workspace, &name));
            assert!(!served(office, other.workspace, &name));
        }
        let before = looks(office, firm.workspace).logo.unwrap();
        assert_eq!((before.width, before.height, before.ink), (200, 50, Some(Ink::Dark)));
        office.wait_minutes(1);
        let wider = Pictures { dimensions: (300, 40), ink: None, ..pictures(Place::Logo) };
        set(office, firm.ada, Place::Logo, Some(wider)).unwrap();
        let after = looks(office, firm.workspace).logo.unwrap();
        assert!(after.at > before.at);
        assert_eq!((after.width, after.height, after.ink), (300, 40, None));
        set(office, firm.ada, Place::Logo, None).unwrap();
        assert_eq!(looks(office, firm.workspace).logo, None);
        assert!(!served(office, firm.workspace, "logo.png"));
        assert!(served(office, firm.workspace, "icon.png"));
    }

    fn b3_a_portal_that_moves_goes_on_answering_its_former_names(office) {
        let firm = office.firm("a.example");
        moves(office, firm.ada, "Portal.Firm.example", "a.example").unwrap();
        assert_eq!(find(office, firm.workspace).host.as_deref(), Some("portal.firm.example"));
        let secret = office.write({
            let ada = firm.ada;
            move |tx| sessions::start(tx, ada.workspace, ada.person, "test")
        }).unwrap();
        for host in ["portal.firm.example", "a.example"] {
            assert_eq!(answers(office, host), Some(firm.workspace), "{host}");
            let (host, secret) = (host.to_string(), secret.reveal().to_string());
            assert!(office.read(move |reader| sessions::of_secret(reader, &host, &secret)).unwrap().is_some());
        }
        assert_eq!(answers(office, "else.example"), None);
        // After moving back, the former host name is the one it just gave up.
        moves(office, firm.ada, "a.example", "portal.firm.example").unwrap();
        let former = office.read(move |reader| workspaces::former_hosts(reader, firm.workspace)).unwrap();
        assert_eq!(former, ["portal.firm.example"]);
    }

    fn b3_whoever_gives_a_portal_its_first_name_is_not_locked_out(office) {
        let given = SetUp {
            brand: "Harbor & Lee".to_string(),
            given_name: "Jane".to_string(),
            family_name: "Lee".to_string(),
            email: "jane@harbor.example".to_string(),
        };
        let (id, jane) = office.write(move |tx| set_up::set_up(tx, None, &given)).unwrap();
        let jane = Actor::new(id, jane, access::Role::Admin, false);
        moves(office, jane, "portal.firm.example", "127.0.0.1").unwrap();
        assert_eq!(answers(office, "portal.firm.example"), Some(id));
        assert_eq!(answers(office, "127.0.0.1"), Some(id));
        assert_eq!(answers(office, "else.example"), None);
        moves(office, jane, "", "portal.firm.example").unwrap();
        assert_eq!(answers(office, "else.example"), Some(id));
    }

    fn b3_no_portal_takes_the_name_of_another(office) {
        let (firm, other) = (office.firm("a.example"), office.firm("b.example"));
        moves(office, other.ada, "c.example", "b.example").unwrap();
        for (host, problem) in [
            ("c.example", Problem::Taken),
            ("B.example", Problem::Taken),
            ("https://d.example", Problem::NoHost),
            ("d.example/x", Problem::NoHost),
        ] {
            match moves(office, firm.ada, host, "a.example") {
                Err(Error::Field { field: "host", problem: found }) => assert_eq!(found, problem, "{host}"),
                other => panic!("{host}: {other:?}"),
            }
        }
        // A third workspace answers for all remaining names, so nobody may take one of them.
        office.write(|tx| workspaces::add(tx, "Open", None)).unwrap();
        let refused = moves(office, firm.ada, "d.example", "a.example");
        assert!(matches!(refused, Err(Error::Field { field: "host", problem: Problem::HostsOfAnother })), "{refused:?}");
        let refused = moves(office, firm.ada, "", "a.example");
        assert!(matches!(refused, Err(Error::Field { field: "host", problem: Problem::Taken })), "{refused:?}");
        assert_eq!(answers(office, "a.example"), Some(firm.workspace));
    }

    fn b4_a_workspace_is_added_with_its_first_admin_and_a_name_of_its_own(office) {
        let firm = office.firm("a.example");
        let given = |email: &str| SetUp {
            brand: "Santos".to_string(),
            given_name: "Rui".to_string(),
            family_name: "Santos".to_string(),
            email: email.to_string(),
        };
        let add = |host: &str, given: SetUp| {
            let host = host.to_string();
            office.write(move |tx| set_up::add_with_admin(tx, &host, &given))
        };
        let (id, rui) = add("b.example", given("rui@santos.example")).unwrap();
        assert_eq!(answers(office, "b.example"), Some(id));
        assert_ne!(id, firm.workspace);
        assert!(office.read(move |reader| access::actor(reader, id, rui)).unwrap().is_some());
        for (host, email, field) in [("A.example", "rui@santos.example", "host"), ("", "rui@santos.example", "host"), ("c.example", "rui", "email")] {
            match add(host, given(email)) {
                Err(Error::Field { field: found, .. }) => assert_eq!(found, field),
                other => panic!("{host}: {other:?}"),
            }
        }
        assert_eq!(office.read(workspaces::all).unwrap().len(), 2);
    }
}
