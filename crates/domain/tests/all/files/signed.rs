//! Signed addresses: valid for 15 minutes, one purpose and one workspace, and access is checked when they are used (F2).

use domain::files::signed_urls::{self, LASTS, Purpose};

use crate::support::people::not_found;

both_engines! {
    fn f2_a_signed_address_is_good_for_its_purpose_time_and_workspace_only(office) {
        let firm = office.firm("a.example");
        let other = office.firm("b.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let file = office.puts(maria, channel, None, "a.txt").unwrap();
        let sign = move |purpose| {
            office.read(move |reader| Ok(signed_urls::Signer::new(reader, &maria)?.sign(purpose, file))).unwrap()
        };
        let check = |workspace, purpose, text: &str| {
            let text = text.to_string();
            office.read(move |reader| signed_urls::check(reader, workspace, purpose, &text))
        };
        let address = sign(Purpose::Download);
        assert!(address.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{address}");
        assert_eq!(check(firm.workspace, Purpose::Download, &address).unwrap(), (maria, file));
        not_found(check(firm.workspace, Purpose::Upload, &address));
        not_found(check(other.workspace, Purpose::Download, &address));
        for place in 0..address.len() {
            let mut forged = address.clone().into_bytes();
            forged[place] = if forged[place] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            not_found(check(firm.workspace, Purpose::Download, &forged));
        }
        for nonsense in ["", "A", "ü", &address[..address.len() - 4], &format!("{address}AAAA")] {
            not_found(check(firm.workspace, Purpose::Download, nonsense));
        }
        office.wait(LASTS - std::time::Duration::from_millis(1));
        assert!(check(firm.workspace, Purpose::Download, &address).is_ok());
        office.wait(std::time::Duration::from_millis(1));
        not_found(check(firm.workspace, Purpose::Download, &address));
        let fresh = sign(Purpose::Upload);
        assert!(check(firm.workspace, Purpose::Upload, &fresh).is_ok());
        firm.deactivate(firm.ada, maria.person).unwrap();
        not_found(check(firm.workspace, Purpose::Upload, &fresh));
    }
}
