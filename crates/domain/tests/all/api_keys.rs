//! API keys (D1, D2): created by admins, shown once, valid until revoked.

use std::time::Duration;

use crate::support::Office;
use domain::administration::team::InternalInput;
use domain::kernel::access::{Actor, Role};
use domain::kernel::error::{self, Error, Problem};
use domain::kernel::ids::KeyId;
use domain::kernel::secrets;
use domain::tenant::api_keys::{self, KEYS_MAX, Key};

fn make(office: &Office, actor: Actor, name: &str) -> error::Result<String> {
    let name = name.to_string();
    office.write(move |tx| Ok(api_keys::create(tx, &actor, &name)?.reveal().to_string()))
}

fn who(office: &Office, secret: &str) -> Option<(Actor, KeyId, bool)> {
    let secret = secret.to_string();
    office.read(move |reader| api_keys::of_secret(reader, &secret)).expect("an answer")
}

fn list(office: &Office, actor: Actor) -> error::Result<Vec<Key>> {
    office.read(move |reader| api_keys::list(reader, &actor))
}

fn revoke(office: &Office, actor: Actor, key: KeyId) -> error::Result<()> {
    office.write(move |tx| api_keys::revoke(tx, &actor, key))
}

both_engines! {
    fn a_key_speaks_as_the_admin_who_made_it(office) {
        let (firm, other) = (office.firm("a.example"), office.firm("b.example"));
        let (here, there) = (make(office, firm.ada, "Invoices").unwrap(), make(office, other.ada, "Invoices").unwrap());
        for (secret, ada) in [(&here, firm.ada), (&there, other.ada)] {
            let program = who(office, secret).unwrap().0;
            assert_eq!((program.workspace, program.person), (ada.workspace, ada.person));
            assert!(program.is_api_client() && !ada.is_api_client());
        }
        assert_eq!(who(office, ""), None);
        assert_eq!(who(office, &here.to_uppercase()), None);
    }

    fn only_admins_make_see_and_revoke_keys(office) {
        let firm = office.firm("a.example");
        let (sam, bo) = (firm.staff("Sam"), firm.client_actor("Bo", &[]));
        let secret = make(office, firm.ada, "Invoices").unwrap();
        let (_, key, _) = who(office, &secret).unwrap();
        assert!(matches!(make(office, sam, "Mine"), Err(Error::Forbidden)));
        assert!(matches!(list(office, sam), Err(Error::Forbidden)));
        assert!(matches!(revoke(office, sam, key), Err(Error::Forbidden)));
        assert!(matches!(make(office, bo, "Mine"), Err(Error::NotFound)));
        assert!(matches!(list(office, bo), Err(Error::NotFound)));
        assert!(matches!(revoke(office, bo, key), Err(Error::NotFound)));
        assert!(who(office, &secret).is_some());
    }

    fn a_revoked_key_is_good_for_nothing_from_then_on(office) {
        let (firm, other) = (office.firm("a.example"), office.firm("b.example"));
        let secret = make(office, firm.ada, "Invoices").unwrap();
        let (_, key, _) = who(office, &secret).unwrap();
        assert!(matches!(revoke(office, other.ada, key), Err(Error::NotFound)));
        assert!(who(office, &secret).is_some());
        // Any admin may revoke a key, not only its creator.
        revoke(office, firm.admin("Eve"), key).unwrap();
        assert_eq!(who(office, &secret), None);
        assert!(list(office, firm.ada).unwrap().is_empty());
        assert!(matches!(revoke(office, firm.ada, key), Err(Error::NotFound)));
    }

    fn keys_are_listed_newest_first_without_their_secret(office) {
        let (firm, other) = (office.firm("a.example"), office.firm("b.example"));
        make(office, firm.ada, "Invoices").unwrap();
        office.wait_minutes(1);
        let secret = make(office, firm.admin("Eve"), " Import ").unwrap();
        make(office, other.ada, "Elsewhere").unwrap();
        let found = list(office, firm.ada).unwrap();
        let shown: Vec<_> = found.iter().map(|key| (key.name.as_str(), key.person_name.full())).collect();
        assert_eq!(shown, [("Import", "Eve Firm".to_string()), ("Invoices", "Ada Admin".to_string())]);
        assert_eq!(found[0].created_at, office.now());
        let kept: Vec<u8> = office
            .read(|reader| Ok(reader.one("SELECT token_hash FROM keys WHERE name = 'Import'", &[], |row| row.get(0))?))
            .unwrap();
        assert_eq!(kept, secrets::hash(&secret));
    }

    fn use_is_noted_at_most_once_a_minute(office) {
        let firm = office.firm("a.example");
        let secret = make(office, firm.ada, "Invoices").unwrap();
        let touch = |key| {
            let ada = firm.ada;
            office.write(move |tx| api_keys::touch(tx, &ada, key)).unwrap();
        };
        let (_, key, stale) = who(office, &secret).unwrap();
        assert!(stale);
        assert_eq!(list(office, firm.ada).unwrap()[0].used_at, None);
        touch(key);
        let first = office.now();
        office.wait(Duration::from_millis(59_999));
        assert!(!who(office, &secret).unwrap().2);
        touch(key);
        assert_eq!(list(office, firm.ada).unwrap()[0].used_at, Some(first));
        office.wait(Duration::from_millis(1));
        assert!(who(office, &secret).unwrap().2);
        touch(key);
        assert_eq!(list(office, firm.ada).unwrap()[0].used_at, Some(office.now()));
    }

    fn a_key_ends_with_its_admins_rights(office) {
        let firm = office.firm("a.example");
        let (eve, sue) = (firm.admin("Eve"), firm.admin("Sue"));
        let (of_eve, of_sue) = (make(office, eve, "Eve's").unwrap(), make(office, sue, "Sue's").unwrap());
        firm.deactivate(firm.ada, eve.person).unwrap();
        assert_eq!(who(office, &of_eve), None);
        let demotion = InternalInput { role: Role::Staff.into(), ..InternalInput::default() };
        firm.edit_internal(firm.ada, sue.person, demotion).unwrap();
        assert_eq!(who(office, &of_sue), None);
    }

    fn names_and_numbers_of_keys_have_limits(office) {
        let firm = office.firm("a.example");
        for (name, problem) in [
            (" ".to_string(), Problem::Empty),
            ("a\nb".to_string(), Problem::ControlCharacters),
            ("a".repeat(201), Problem::TooLong(200)),
        ] {
            match make(office, firm.ada, &name) {
                Err(Error::Field { field: "name", problem: found }) => assert_eq!(found, problem),
                other => panic!("{name:?}: {other:?}"),
            }
        }
        let secret = make(office, firm.ada, "First").unwrap();
        for number in 1..KEYS_MAX {
            make(office, firm.ada, &format!("Key {number}")).unwrap();
        }
        assert!(matches!(make(office, firm.ada, "One more"), Err(Error::Conflict(_))));
        revoke(office, firm.ada, who(office, &secret).unwrap().1).unwrap();
        make(office, firm.ada, "One more").unwrap();
    }
}
