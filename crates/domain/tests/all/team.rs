//! Internal users, who may sign in at all, and what people change about themselves.

use crate::support::Office;
use crate::support::people::{forbidden, new_internal, refused};
use domain::administration::deactivation;
use domain::administration::profile::{self, SelfInput};
use domain::administration::team::InternalInput;
use domain::arrival::invitations;
use domain::directory::clients;
use domain::directory::person::{self, Status};
use domain::identity::sessions;
use domain::kernel::access::{Actor, Role};
use domain::kernel::error::{self, Problem};
use domain::kernel::ids::PersonId;
use domain::kernel::journal::Event;
use domain::{administration, directory};

fn find(office: &Office, actor: Actor, client: PersonId) -> error::Result<person::Person> {
    office.read(move |reader| clients::client(reader, &actor, client))
}

both_engines! {
    fn c3_limiting_access_closes_what_is_not_assigned(office) {
        let firm = office.firm("a");
        let (acme, other) = (firm.company("Acme"), firm.company("Other"));
        let sam = firm.staff("Sam");
        let (bo, cy) = (firm.client("Bo", &[acme]), firm.client("Cy", &[other]));
        let (near, far) = (firm.channel_of(bo), firm.channel_of(cy));
        assert!(firm.is_in(near, sam.person) && firm.is_in(far, sam.person));
        let change =
            InternalInput {
                is_client_access_limited: true.into(),
                company_access_list: vec![acme].into(),
                ..InternalInput::default()
            };
        firm.edit_internal(firm.ada, sam.person, change).unwrap();
        assert!(firm.is_in(near, sam.person) && !firm.is_in(far, sam.person));
        let change = InternalInput { is_client_access_limited: false.into(), ..InternalInput::default() };
        firm.edit_internal(firm.ada, sam.person, change).unwrap();
        assert!(firm.is_in(near, sam.person) && firm.is_in(far, sam.person));
    }

    fn c3_somebody_deactivated_is_in_no_channel_and_signed_out(office) {
        let firm = office.firm("a");
        let (sam, workspace) = (firm.staff("Sam"), firm.workspace);
        let bo = firm.client_actor("Bo", &[]);
        let channel = firm.channel_of(bo.person);
        office.write(move |tx| sessions::start(tx, workspace, bo.person, "phone").map(|_| ())).unwrap();
        let session = office.read(move |reader| sessions::list(reader, &bo)).unwrap()[0].id;
        firm.deactivate(sam, bo.person).unwrap();
        firm.deactivate(sam, bo.person).unwrap();
        assert!(!firm.is_in(channel, bo.person));
        assert_eq!(firm.actor(bo.person), None);
        assert_eq!(find(office, sam, bo.person).unwrap().status(), Status::Deactivated);
        assert!(office.read(move |reader| sessions::list(reader, &bo)).unwrap().is_empty());
        let ended = Event::SessionEnded { session, person: bo.person };
        assert_eq!(firm.told().into_iter().filter(|event| *event == ended).count(), 1);

        firm.reactivate(sam, bo.person).unwrap();
        assert!(firm.is_in(channel, bo.person));
        assert_eq!(firm.actor(bo.person), Some(bo));
        assert!(office.read(move |reader| sessions::list(reader, &bo)).unwrap().is_empty());
    }

    fn only_admins_manage_the_team(office) {
        let firm = office.firm("a");
        let (ada, sam) = (firm.ada, firm.staff("Sam"));
        forbidden(office.write(move |tx| administration::team::add_internal(tx, &sam, &new_internal("Ed", Role::Staff))));
        forbidden(firm.edit_internal(
            sam,
            sam.person,
            InternalInput { role: Role::Admin.into(), ..Default::default() },
        ));
        forbidden(firm.deactivate(sam, firm.ada.person));
        let client = new_internal("Ed", Role::Client);
        refused(office.write(move |tx| administration::team::add_internal(tx, &ada, &client)), "role", Problem::NoChoice);
        let change = InternalInput { role: Role::Client.into(), ..InternalInput::default() };
        refused(firm.edit_internal(firm.ada, sam.person, change), "role", Problem::NoChoice);
        let acme = firm.company("Acme");
        let lin =
            InternalInput {
                is_client_access_limited: true.into(),
                company_access_list: vec![acme, acme].into(),
                ..new_internal("Lin", Role::Staff)
            };
        let lin = office.write(move |tx| administration::team::add_internal(tx, &ada, &lin)).unwrap();
        assert!(firm.actor(lin).unwrap().limited);
        assert_eq!(office.read(move |reader| directory::team::assignments(reader, &ada, lin)).unwrap(), [acme]);
        let team = office.read(move |reader| directory::team::internal_users(reader, &sam)).unwrap();
        assert_eq!(
            team.iter().map(|person| person.name.given.as_str()).collect::<Vec<_>>(),
            ["Ada", "Lin", "Sam"]
        );
    }

    fn the_last_active_admin_stays(office) {
        let firm = office.firm("a");
        let (ada, sam) = (firm.ada, firm.staff("Sam"));
        let staff = || InternalInput { role: Role::Staff.into(), ..InternalInput::default() };
        refused(firm.deactivate(ada, ada.person), "role", Problem::LastAdmin);
        refused(firm.edit_internal(ada, ada.person, staff()), "role", Problem::LastAdmin);
        let bea = firm.admin("Bea");
        firm.deactivate(ada, bea.person).unwrap();
        refused(firm.deactivate(ada, ada.person), "role", Problem::LastAdmin);
        firm.reactivate(ada, bea.person).unwrap();
        firm.deactivate(ada, sam.person).unwrap();
        firm.edit_internal(bea, ada.person, staff()).unwrap();
        refused(firm.edit_internal(bea, bea.person, staff()), "role", Problem::LastAdmin);
    }

    fn an_admin_whose_invitation_was_taken_back_stands_in_for_nobody(office) {
        let firm = office.firm("a");
        let (ada, bea) = (firm.ada, firm.admin("Bea"));
        office.write(move |tx| invitations::invite(tx, &ada, bea.person)).unwrap();
        office.write(move |tx| invitations::take_back(tx, &ada, bea.person)).unwrap();
        refused(firm.deactivate(ada, ada.person), "role", Problem::LastAdmin);
        office.write(move |tx| invitations::invite(tx, &ada, bea.person)).unwrap();
        firm.deactivate(ada, ada.person).unwrap();
    }

    fn two_admins_cannot_take_each_other_away_at_the_same_instant(office) {
        let firm = office.firm("a");
        let (ada, bea) = (firm.ada, firm.admin("Bea"));
        let gone: usize = std::thread::scope(|scope| {
            let tasks = [(ada, bea.person), (bea, ada.person)].map(|(actor, other)| {
                let store = office.store.clone();
                scope.spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                    runtime.block_on(store.write(move |tx| deactivation::deactivate(tx, &actor, other))).is_ok()
                })
            });
            tasks.into_iter().map(|task| usize::from(task.join().unwrap())).sum()
        });
        assert_eq!(gone, 1);
    }

    fn people_change_their_own_name_number_and_time_zone(office) {
        let firm = office.firm("a");
        for actor in [firm.ada, firm.staff("Sam"), firm.client_actor("Bo", &[])] {
            let edit =
                move |change: SelfInput| office.write(move |tx| profile::edit_self(tx, &actor, &change));
            let zone = |name: &str| SelfInput { time_zone: name.to_string().into(), ..SelfInput::default() };
            edit(SelfInput {
                given_name: "Jo".to_string().into(),
                phone: "+49 30 1234567".to_string().into(),
                ..zone("europe/berlin")
            })
            .unwrap();
            let me = office.read(move |reader| person::profile(reader, &actor)).unwrap();
            assert_eq!(me.name.given_or_full(), "Jo");
            assert_eq!(me.phone.as_deref(), Some("+49301234567"));
            assert_eq!(me.time_zone.as_deref(), Some("Europe/Berlin"));
            for bad in ["Berlin", "Etc/Unknown", "../etc/passwd", "UTC+25", "\u{0}"] {
                refused(edit(zone(bad)), "timeZone", Problem::NoTimeZone);
            }
            let nameless = SelfInput {
                given_name: String::new().into(),
                family_name: String::new().into(),
                ..SelfInput::default()
            };
            refused(edit(nameless), "givenName", Problem::Empty);
            edit(SelfInput { phone: String::new().into(), ..zone("") }).unwrap();
            let me = office.read(move |reader| person::profile(reader, &actor)).unwrap();
            assert_eq!((me.phone, me.time_zone), (None, None));
        }
    }
}
