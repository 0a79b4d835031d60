//! Client users invite colleagues (S2) without finding out which addresses are known (S3).

use crate::support::people::{Firm, not_found, refused};
use domain::administration::settings::MessagingChange;
use domain::arrival::{complete_sign_in, invitations, joining};
use domain::channels::starting::Subject;
use domain::channels::{channel, members};
use domain::directory::clients;
use domain::directory::person::Status;
use domain::kernel::access::Actor;
use domain::kernel::error::{Error, Problem};
use domain::kernel::ids::{ChannelId, PersonId};
use domain::kernel::journal::Event;
use domain::notify::due;
use domain::tenant::settings::DefaultChannel;
use uuid::Uuid;

fn comes_in(firm: &Firm<'_>, person: PersonId) {
    let workspace = firm.workspace;
    let arrived =
        firm.office.write(move |tx| complete_sign_in::complete_sign_in(tx, workspace, person)).unwrap();
    assert_eq!(arrived, Some(person));
}

fn channel_of(firm: &Firm<'_>, subject: Uuid) -> Option<ChannelId> {
    let workspace = firm.workspace;
    firm.office.read(move |reader| channel::of_subject(reader, workspace, subject)).unwrap()
}

/// What a client user sees: their channels and the members of each.
fn sees(firm: &Firm<'_>, who: Actor) -> Vec<(ChannelId, Vec<PersonId>)> {
    let found = firm.office.read(move |reader| {
        let mut all = Vec::new();
        for channel in channel::ids_of(reader, &who)? {
            let of = members::of_channel(reader, &who, channel)?;
            all.push((channel, of.into_iter().map(|member| member.person).collect()));
        }
        Ok(all)
    });
    found.unwrap()
}

/// Journal events about channels: the ones that client users receive.
fn told_of_channels(firm: &Firm<'_>) -> Vec<Event> {
    firm.told().into_iter().filter(|event| event.channel().is_some()).collect()
}

both_engines! {
    fn s3_a_client_user_sees_the_same_whether_a_colleague_s_address_was_known_or_not(office) {
        for default in [DefaultChannel::Client, DefaultChannel::Company] {
            let firm = office.firm(&format!("{}.example", default.word()));
            firm.lets_clients_invite();
            let acme = firm.company("Acme");
            let maria = firm.client_actor("Maria", &[acme]);
            let other = firm.client("Otto", &[]);
            let other = firm.known_at("otto@client.example").filter(|found| found.id == other).unwrap();
            // Both before and after the company has a channel.
            for step in 0..2 {
                if step == 1 {
                    firm.channel(Subject::Company(acme));
                }
                firm.sets(MessagingChange { default_channel: Some(default), ..MessagingChange::default() });
                let before = (sees(&firm, maria), told_of_channels(&firm));
                firm.invites(maria, "otto@client.example", None).unwrap();
                assert_eq!((sees(&firm, maria), told_of_channels(&firm)), before, "a known address");
                firm.invites(maria, &format!("nina{step}@client.example"), None).unwrap();
                assert_eq!((sees(&firm, maria), told_of_channels(&firm)), before, "a new address");
            }
            assert_eq!(firm.known_at("otto@client.example"), Some(other), "nothing changes about them");
        }
    }

    fn s2_a_colleague_belongs_to_the_company_and_reads_along_there_once_they_have_come_in(office) {
        let firm = office.firm("a.example");
        firm.lets_clients_invite();
        let acme = firm.company("Acme");
        let maria = firm.client_actor("Maria", &[acme]);
        let channel = firm.channel(Subject::Company(acme));
        firm.invites(maria, "nina@client.example", None).unwrap();
        let nina = firm.known_at("nina@client.example").unwrap();
        assert!(nina.is_expected());
        assert_eq!(nina.status(), Status::Invited);
        let (ada, of) = (firm.ada, nina.id);
        let companies = office.read(move |reader| clients::companies_of(reader, &ada, of)).unwrap();
        assert_eq!(companies, [(acme, "Acme".to_string(), false)], "the firm sees where they belong");
        assert!(!firm.is_in(channel, nina.id));

        // Other changes in the meantime do not let them in before they sign in.
        firm.move_client(maria.person, &[acme, firm.company("Beta")]);
        firm.deactivate(firm.ada, nina.id).unwrap();
        firm.reactivate(firm.ada, nina.id).unwrap();
        assert!(!firm.is_in(channel, nina.id));

        comes_in(&firm, nina.id);
        assert!(firm.is_in(channel, nina.id));
        assert!(!firm.known_at("nina@client.example").unwrap().is_expected());
        let own = channel_of(&firm, of.0);
        assert!(own.is_some_and(|own| firm.is_in(own, of)), "C6: and a conversation of their own");
        comes_in(&firm, nina.id);
        assert!(firm.is_in(channel, nina.id), "and stay in when they come again");
    }

    fn s2_where_new_people_join_their_company_s_channel_a_colleague_does_when_they_come_in(office) {
        let firm = office.firm("a.example");
        firm.lets_clients_invite();
        let acme = firm.company("Acme");
        let maria = firm.client_actor("Maria", &[acme]);
        let company = Some(DefaultChannel::Company);
        firm.sets(MessagingChange { default_channel: company, ..MessagingChange::default() });
        firm.invites(maria, "nina@client.example", None).unwrap();
        let nina = firm.known_at("nina@client.example").unwrap().id;
        assert_eq!(channel_of(&firm, acme.0), None, "Maria has a channel of her own");
        comes_in(&firm, nina);
        let channel = channel_of(&firm, acme.0).expect("the company's channel");
        assert!(firm.is_in(channel, nina) && firm.is_in(channel, maria.person));
    }

    fn s2_what_is_written_to_the_company_does_not_go_to_an_address_that_nobody_answered_from(office) {
        let firm = office.firm("a.example");
        firm.lets_clients_invite();
        let acme = firm.company("Acme");
        let maria = firm.client_actor("Maria", &[acme]);
        let channel = firm.channel(Subject::Company(acme));
        firm.invites(maria, "typo@elsewhere.example", None).unwrap();
        let typo = firm.known_at("typo@elsewhere.example").unwrap().id;
        let (ada, workspace, invited) = (firm.ada, firm.workspace, maria.person);
        office.write(move |tx| invitations::invite(tx, &ada, invited)).unwrap();
        office.posts(ada, channel, "For Acme alone");
        office.wait_minutes(5);
        office.write(move |tx| due::enqueue_due(tx, workspace, channel, None)).unwrap();
        assert_eq!(office.read(|reader| due::due(reader, 10)).unwrap(), [(workspace, maria.person)]);
        // Nor after they sign in: earlier messages are readable for them, but do not count as unread.
        comes_in(&firm, typo);
        office.write(move |tx| due::enqueue_due(tx, workspace, channel, None)).unwrap();
        assert_eq!(office.read(|reader| due::due(reader, 10)).unwrap(), [(workspace, maria.person)]);
        assert_eq!(office.unread(firm.actor(typo).unwrap(), channel), 0);
    }

    fn s2_colleagues_are_invited_to_one_s_own_companies_where_the_firm_lets_them(office) {
        let firm = office.firm("a.example");
        let (acme, beta, gamma) = (firm.company("Acme"), firm.company("Beta"), firm.company("Gamma"));
        let maria = firm.client_actor("Maria", &[beta, acme]);
        not_found(firm.invites(maria, "nina@client.example", None));
        firm.lets_clients_invite();
        not_found(firm.invites(firm.ada, "nina@client.example", None));
        refused(firm.invites(maria, "nina@client.example", Some(gamma)), "company", Problem::NoChoice);
        assert_eq!(firm.known_at("nina@client.example"), None);
        let alone = firm.client_actor("Alone", &[]);
        not_found(firm.invites(alone, "nina@client.example", None));
        firm.invites(maria, "nina@client.example", Some(acme)).unwrap();
        firm.invites(maria, "noor@client.example", None).unwrap();
        for (email, company) in [("nina@client.example", acme), ("noor@client.example", beta)] {
            let (workspace, person) = (firm.workspace, firm.known_at(email).unwrap().id);
            let of = office.read(move |reader| clients::ordered_companies(reader, workspace, person)).unwrap();
            assert_eq!(of, [company]);
        }
        // Known addresses count as well, otherwise the limit would reveal them.
        for n in 2..joining::COLLEAGUES_MAX {
            let email = if n % 2 == 0 { "nina@client.example".to_string() } else { format!("n{n}@client.example") };
            firm.invites(maria, &email, None).unwrap();
        }
        assert!(matches!(firm.invites(maria, "nina@client.example", None), Err(Error::TooMany(_))));
    }
}
