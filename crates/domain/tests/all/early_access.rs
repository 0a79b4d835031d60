//! Early access entries (E1): what is stored, what is refused, and who sees it.

use std::time::Duration;

use crate::support::Office;
use crate::support::people::{forbidden, not_found, refused};
use domain::kernel::access::Actor;
use domain::kernel::error::{self, Error, Problem};
use domain::kernel::ids::WorkspaceId;
use domain::tenant::early_access::{self, BY_SENDER_MAX, Entry, EntryInput};

const SENDER: &str = "192.0.2.7";

fn given(name: &str) -> EntryInput {
    EntryInput {
        name: name.to_string(),
        email: format!("{}@later.example", name.to_lowercase()),
        company: "Later".to_string(),
        trap: String::new(),
    }
}

fn submit(office: &Office, workspace: Option<WorkspaceId>, given: EntryInput) -> error::Result<()> {
    office.write(move |tx| early_access::submit(tx, workspace, &given, SENDER))
}

fn listed(office: &Office, actor: Actor, trapped: bool) -> Vec<Entry> {
    office.read(move |reader| early_access::list(reader, &actor, trapped, None, 100)).unwrap()
}

fn names(office: &Office, actor: Actor, trapped: bool) -> Vec<String> {
    listed(office, actor, trapped).into_iter().map(|entry| entry.name).collect()
}

both_engines! {
    fn e1_an_entry_is_listed_in_the_workspace_of_its_host_and_nowhere_else(office) {
        let (firm, other) = (office.firm("a.example"), office.firm("b.example"));
        submit(office, Some(other.workspace), given("Rui")).unwrap();
        office.wait_minutes(1);
        submit(office, Some(other.workspace), EntryInput { company: String::new(), ..given("Ana") }).unwrap();
        assert_eq!(names(office, other.ada, false), ["Ana", "Rui"]);
        assert_eq!(names(office, firm.ada, false), [""; 0]);
        let entry = &listed(office, other.ada, false)[1];
        assert_eq!((entry.email.as_str(), entry.company.as_str()), ("rui@later.example", "Later"));
    }

    fn e1_an_entry_of_a_host_without_a_workspace_is_listed_in_the_first_workspace(office) {
        submit(office, None, given("Early")).unwrap();
        let first = office.firm("a.example");
        office.wait_minutes(1);
        let second = office.firm("b.example");
        submit(office, None, given("Rui")).unwrap();
        assert_eq!(names(office, first.ada, false), ["Rui", "Early"]);
        assert_eq!(names(office, second.ada, false), [""; 0]);
        let id = listed(office, first.ada, false)[0].id;
        not_found(office.write(move |tx| early_access::remove(tx, &second.ada, id)));
        office.write(move |tx| early_access::remove(tx, &first.ada, id)).unwrap();
        assert_eq!(names(office, first.ada, false), ["Early"]);
    }

    fn e1_only_admins_see_and_remove_entries(office) {
        let firm = office.firm("a.example");
        submit(office, Some(firm.workspace), given("Rui")).unwrap();
        let id = listed(office, firm.ada, false)[0].id;
        let (sam, bo) = (firm.staff("Sam"), firm.client_actor("Bo", &[]));
        forbidden(office.read(move |reader| early_access::list(reader, &sam, false, None, 9)));
        not_found(office.read(move |reader| early_access::list(reader, &bo, false, None, 9)));
        forbidden(office.read(move |reader| early_access::counts(reader, &sam)));
        forbidden(office.write(move |tx| early_access::remove(tx, &sam, id)));
        not_found(office.write(move |tx| early_access::remove(tx, &bo, id)));
        assert_eq!(names(office, firm.ada, false), ["Rui"]);
    }

    fn e1_the_same_entry_again_changes_nothing(office) {
        let firm = office.firm("a.example");
        submit(office, Some(firm.workspace), given("Rui")).unwrap();
        office.wait_minutes(1);
        submit(office, Some(firm.workspace), EntryInput { email: "RUI@Later.example".to_string(), ..given("Rui") }).unwrap();
        submit(office, Some(firm.workspace), EntryInput { company: "Other".to_string(), ..given("Rui") }).unwrap();
        submit(office, None, given("Rui")).unwrap();
        submit(office, None, given("Rui")).unwrap();
        assert_eq!(names(office, firm.ada, false), ["Rui", "Rui", "Rui"], "another company and another host are news");
    }

    fn e1_what_a_machine_filled_in_is_kept_apart_and_lost_nowhere(office) {
        let firm = office.firm("a.example");
        submit(office, Some(firm.workspace), EntryInput { trap: "x".to_string(), ..given("Bot") }).unwrap();
        submit(office, Some(firm.workspace), given("Bot")).unwrap();
        submit(office, Some(firm.workspace), given("Rui")).unwrap();
        assert_eq!(listed(office, firm.ada, false).len(), 2);
        assert_eq!(names(office, firm.ada, true), ["Bot"]);
        let ada = firm.ada;
        assert_eq!(office.read(move |reader| early_access::counts(reader, &ada)).unwrap(), (2, 1));
    }

    fn e1_wrong_input_is_refused_at_its_field_and_counts_for_nothing(office) {
        let firm = office.firm("a.example");
        let long = "a".repeat(201);
        for _ in 0..=BY_SENDER_MAX {
            refused(submit(office, None, EntryInput { name: " ".to_string(), ..given("Rui") }), "name", Problem::Empty);
        }
        refused(submit(office, None, EntryInput { name: long.clone(), ..given("Rui") }), "name", Problem::TooLong(200));
        refused(submit(office, None, EntryInput { company: long, ..given("Rui") }), "company", Problem::TooLong(200));
        for (email, problem) in [("", Problem::Empty), ("rui@later", Problem::NoAddress), ("r\0@a.example", Problem::ControlCharacters)] {
            refused(submit(office, None, EntryInput { email: email.to_string(), ..given("Rui") }), "email", problem);
        }
        assert_eq!(names(office, firm.ada, false), [""; 0]);
        submit(office, None, EntryInput { name: "=HYPERLINK(\"x\")".to_string(), ..given("Rui") }).unwrap();
        assert_eq!(names(office, firm.ada, false), ["=HYPERLINK(\"x\")"], "kept as it was typed");
    }

    fn e1_one_sender_is_slowed_down_and_others_are_not(office) {
        for number in 0..BY_SENDER_MAX {
            submit(office, None, given(&format!("Rui{number}"))).unwrap();
        }
        let wait = match submit(office, None, given("Ana")) {
            Err(Error::TooMany(wait)) => wait,
            other => panic!("{other:?}"),
        };
        assert_eq!(wait, Duration::from_secs(3600));
        office.write(move |tx| early_access::submit(tx, None, &given("Ana"), "192.0.2.8")).unwrap();
        office.wait(wait);
        submit(office, None, given("Eva")).unwrap();
    }
}
