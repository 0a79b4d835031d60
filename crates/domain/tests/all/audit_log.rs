//! The audit log (R1): written in the same transaction as the action, for admins, and never with a message's text.

use crate::support::Office;
use crate::support::people::{forbidden, new_client, new_internal, not_found};
use domain::administration;
use domain::administration::clients::{self, ClientInput};
use domain::administration::deactivation;
use domain::administration::settings::{self, MessagingChange};
use domain::administration::team::{self, InternalInput};
use domain::administration::{deletion, projects};
use domain::arrival::invitations;
use domain::kernel::access::{Actor, Origin, Role};
use domain::kernel::audit_log::{self, AuditAction, Change, Filter, Record};
use domain::webhooks::webhook;
use domain::welcome::setting;

fn list(office: &Office, actor: Actor, filter: Filter) -> Vec<Record> {
    office.read(move |reader| audit_log::list(reader, &actor, &filter, 100)).unwrap()
}

fn all(office: &Office, actor: Actor) -> Vec<Record> {
    list(office, actor, Filter::default())
}

fn newest(office: &Office, actor: Actor) -> Record {
    all(office, actor).remove(0)
}

fn change(field: &str, before: Option<&str>, after: Option<&str>) -> Change {
    Change { field: field.to_string(), before: before.map(str::to_string), after: after.map(str::to_string) }
}

both_engines! {
    fn r1_whoever_changes_people_access_or_settings_is_kept_with_what_it_was_before(office) {
        let firm = office.firm("a.example");
        let ada = firm.ada;
        let expect = |deed: AuditAction, changes: &[Change]| {
            let record = newest(office, ada);
            assert_eq!((record.deed.as_str(), record.via), (deed.word(), Origin::Page));
            assert_eq!(record.person.map(|(person, _)| person), Some(ada.person));
            assert_eq!(record.changes, changes, "{deed:?}");
        };
        let north = office.write(move |tx| administration::companies::add(tx, &ada, "North")).unwrap();
        expect(AuditAction::CompanyAdded, &[change("name", None, Some("North"))]);
        office.write(move |tx| administration::companies::rename(tx, &ada, north, "Far North")).unwrap();
        expect(AuditAction::CompanyChanged, &[change("name", Some("North"), Some("Far North"))]);
        let client = new_client("Bo", &[]);
        let email = client.email.to_string();
        let bo = office.write(move |tx| clients::add_client(tx, &ada, &client)).unwrap();
        expect(AuditAction::PersonAdded, &[change("email", None, Some(&email))]);
        let moved = ClientInput {
            phone: "+44 20 7946 0018".to_string().into(),
            company_ids: vec![north].into(),
            ..ClientInput::default()
        };
        office.write(move |tx| clients::edit_client(tx, &ada, bo, &moved)).unwrap();
        let changes = [change("phone", None, Some("+442079460018")), change("companies", None, Some("Far North"))];
        expect(AuditAction::PersonChanged, &changes);
        office.write(move |tx| invitations::invite(tx, &ada, bo)).unwrap();
        expect(AuditAction::PersonInvited, &[]);
        office.write(move |tx| invitations::take_back(tx, &ada, bo)).unwrap();
        expect(AuditAction::PersonUninvited, &[]);
        office.write(move |tx| deactivation::deactivate(tx, &ada, bo)).unwrap();
        expect(AuditAction::PersonDeactivated, &[]);
        office.write(move |tx| deactivation::reactivate(tx, &ada, bo)).unwrap();
        expect(AuditAction::PersonReactivated, &[]);
        office.write(move |tx| deletion::delete_client(tx, &ada, bo)).unwrap();
        expect(AuditAction::PersonDeleted, &[]);

        let sam = new_internal("Sam", Role::Staff);
        let sam = office.write(move |tx| team::add_internal(tx, &ada, &sam)).unwrap();
        let role = InternalInput { role: Role::Admin.into(), ..InternalInput::default() };
        office.write(move |tx| team::edit_internal(tx, &ada, sam, &role)).unwrap();
        expect(AuditAction::PersonChanged, &[change("role", Some("staff"), Some("admin"))]);
        office.write(move |tx| administration::companies::assign(tx, &ada, north, sam, true)).unwrap();
        assert_eq!(newest(office, ada).deed, AuditAction::CompanyAssigned.word());
        let wait = MessagingChange { wait_minutes: Some(7), ..MessagingChange::default() };
        office.write(move |tx| settings::change_messaging(tx, &ada, &wait)).unwrap();
        expect(AuditAction::SettingsChanged, &[change("waitMinutes", Some("5"), Some("7"))]);
        let off = setting::WelcomeChange { enabled: Some(false), ..setting::WelcomeChange::default() };
        office.write(move |tx| setting::change(tx, &ada, &off)).unwrap();
        expect(AuditAction::WelcomeChanged, &[change("welcome", Some("on"), Some("off"))]);
        let everything = webhook::EventFilter::everything();
        office.write(move |tx| webhook::create(tx, &ada, "https://a.example/", &everything)).unwrap();
        expect(AuditAction::WebhookMade, &[change("url", None, Some("https://a.example/"))]);
        let mill = projects::ProjectInput {
            title: "Mill".to_string().into(),
            ..projects::ProjectInput::default()
        };
        let mill = office.write(move |tx| projects::add(tx, &ada, &mill)).unwrap();
        office.write(move |tx| projects::archive(tx, &ada, mill, true)).unwrap();
        expect(AuditAction::ProjectChanged, &[change("archived", Some("off"), Some("on"))]);
        let count = all(office, ada).len();
        let same = ClientInput::default();
        let cy = firm.client("Cy", &[]);
        office.write(move |tx| clients::edit_client(tx, &ada, cy, &same)).unwrap();
        office.write(move |tx| settings::change_messaging(tx, &ada, &wait)).unwrap();
        assert_eq!(all(office, ada).len(), count + 1, "what changes nothing is no deed");
    }

    fn r1_what_was_refused_is_no_record_and_only_admins_read_them(office) {
        let firm = office.firm("a.example");
        let (ada, sam, client) = (firm.ada, firm.staff("Sam"), firm.client("Bo", &[]));
        let bo = firm.actor(client).unwrap();
        let count = all(office, ada).len();
        let clash = new_client("Bo", &[]);
        office.write(move |tx| clients::add_client(tx, &ada, &clash)).unwrap_err();
        office.write(move |tx| deactivation::deactivate(tx, &sam, ada.person)).unwrap_err();
        assert_eq!(all(office, ada).len(), count);
        let read = |actor: Actor| office.read(move |reader| audit_log::list(reader, &actor, &Filter::default(), 9));
        forbidden(read(sam));
        not_found(read(bo));
        let other = office.firm("b.example");
        assert!(all(office, other.ada).iter().all(|record| record.person.as_ref().is_none_or(|(id, _)| *id != ada.person)));
    }

    fn r1_records_are_found_by_what_they_are_about_by_person_and_by_time(office) {
        let firm = office.firm("a.example");
        let ada = firm.ada;
        let (bo, _cy) = (firm.client("Bo", &[]), firm.client("Cy", &[]));
        office.wait_minutes(60);
        let later = office.now();
        office.write(move |tx| administration::companies::add(tx, &ada, "North")).unwrap();
        office.write(move |tx| invitations::invite(tx, &ada, bo)).unwrap();
        let deeds = |filter: Filter| -> Vec<String> {
            list(office, ada, filter).into_iter().map(|record| record.deed).collect()
        };
        let since = Filter { since: Some(later), ..Filter::default() };
        assert_eq!(deeds(since.clone()), ["people.invited", "companies.added"]);
        assert_eq!(deeds(Filter { field: "companies.".to_string(), ..since.clone() }), ["companies.added"]);
        assert_eq!(deeds(Filter { field: "%".to_string(), ..since }).len(), 2);
        assert_eq!(deeds(Filter { person: Some(bo), ..Filter::default() }), ["people.invited", "people.added"]);
        let before = Filter { until: Some(later), field: "people.".to_string(), ..Filter::default() };
        assert!(deeds(before).iter().all(|deed| deed == "people.added"));
        let first = newest(office, ada).id;
        assert_eq!(deeds(Filter { before: Some(first), ..Filter::default() })[0], "companies.added");
    }
}
