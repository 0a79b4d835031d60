//! Channels: one per subject, with derived titles and members that follow the subject (C1 to C9).

use domain::administration;
use domain::administration::clients::ClientInput;
use domain::administration::projects;
use domain::administration::settings::MessagingChange;
use domain::channels::channel::{self, Kind};
use domain::channels::list::Filter;
use domain::channels::members;
use domain::channels::starting::{self, Subject};
use domain::channels::unread_count;
use domain::kernel::error::{Error, Problem};
use domain::kernel::ids::ChannelId;
use domain::kernel::journal::Event;
use domain::messages::message;
use domain::notify::muting;
use domain::tenant::settings::DefaultChannel;

both_engines! {
    fn c1_asking_for_a_second_channel_opens_the_first(office) {
        let firm = office.firm("a.example");
        let bakery = firm.company("Bakery");
        let maria = firm.client("Maria", &[bakery]);
        let tom = firm.client("Tom", &[bakery]);
        let project = firm.project("Oven", &[maria], &[firm.ada.person]);
        for subject in [
            Subject::Client(maria),
            Subject::Company(bakery),
            Subject::Project(project),
            Subject::Group(bakery, vec![maria, tom]),
        ] {
            let first = firm.channel(subject.clone());
            assert_eq!(firm.channel(subject.clone()), first, "{subject:?}");
        }
        assert_eq!(
            firm.channel(Subject::Group(bakery, vec![tom, maria])),
            firm.channel(Subject::Group(bakery, vec![maria, tom])),
            "the same people in another order are the same group"
        );
    }

    fn c2_the_title_is_derived_from_the_subject_and_follows_its_name(office) {
        let firm = office.firm("a.example");
        let bakery = firm.company("Bakery");
        let maria = firm.client_actor("Maria", &[bakery]);
        let tom = firm.client("Tom", &[bakery]);
        let project = firm.project("Oven", &[maria.person], &[firm.ada.person]);
        let own = firm.channel_of(maria.person);
        let company = firm.channel(Subject::Company(bakery));
        let work = firm.channel(Subject::Project(project));
        let group = firm.channel(Subject::Group(bakery, vec![maria.person, tom]));
        let title = |channel| office.sees(firm.ada, channel).expect("a channel").title;
        assert_eq!(title(own), "Maria Client");
        assert_eq!(title(company), "Bakery");
        assert_eq!(title(work), "Oven");
        assert_eq!(title(group), "Maria Client, Tom Client");
        assert_eq!(office.sees(maria, own).expect("hers").title, "Brand", "a client user sees the firm there");

        let told_before = firm.told().len();
        let change = ClientInput { given_name: "Mia".to_string().into(), ..ClientInput::default() };
        firm.edit_client(firm.ada, maria.person, change).expect("renamed");
        let ada = firm.ada;
        office.write(move |tx| administration::companies::rename(tx, &ada, bakery, "Northwind")).expect("renamed");
        let change = projects::ProjectInput { title: "New oven".to_string().into(), ..Default::default() };
        office.write(move |tx| projects::edit(tx, &ada, project, &change)).expect("renamed");
        assert_eq!(title(own), "Mia Client");
        assert_eq!(title(company), "Northwind");
        assert_eq!(title(work), "New oven");
        assert_eq!(title(group), "Mia Client, Tom Client");
        let told = firm.told().split_off(told_before);
        for channel in [own, company, work, group] {
            assert!(told.contains(&Event::ChannelUpdated { channel }), "open pages hear of {channel}");
        }
    }

    fn c3_joining_brings_the_whole_history_and_leaves_nothing_unread(office) {
        let firm = office.firm("a.example");
        let bakery = firm.company("Bakery");
        let channel = firm.channel(Subject::Company(bakery));
        office.posts(firm.ada, channel, "before");
        let maria = firm.client_actor("Maria", &[bakery]);
        assert_eq!(office.texts(maria, channel), ["before"]);
        assert_eq!(office.unread(maria, channel), 0);
        office.posts(firm.ada, channel, "after");
        assert_eq!(office.unread(maria, channel), 1);
    }

    fn c3_leaving_ends_access_in_the_same_transaction_and_says_so(office) {
        let firm = office.firm("a.example");
        let (bakery, harbour) = (firm.company("Bakery"), firm.company("Harbour"));
        let maria = firm.client_actor("Maria", &[bakery]);
        let channel = firm.channel(Subject::Company(bakery));
        office.posts(firm.ada, channel, "hello");
        firm.move_client(maria.person, &[harbour]);
        assert!(matches!(office.sees(maria, channel), Err(Error::NotFound)));
        assert!(matches!(office.page(maria, channel, message::Window::Newest, 10), Err(Error::NotFound)));
        assert!(matches!(office.sends(maria, &office.draft(channel, "still here?", None)), Err(Error::NotFound)));
        assert!(matches!(office.reads(maria, channel, 1), Err(Error::NotFound)));
        let gone = Event::MembersChanged { channel, joined: Vec::new(), left: vec![maria.person] };
        assert!(firm.told().contains(&gone));
        assert_eq!(office.texts(firm.ada, channel), ["hello"], "nothing came of the refused message");
    }

    fn c3_outsiders_see_neither_channel_nor_list(office) {
        let firm = office.firm("a.example");
        let other_firm = office.firm("b.example");
        let (bakery, harbour) = (firm.company("Bakery"), firm.company("Harbour"));
        let maria = firm.client_actor("Maria", &[bakery]);
        let outsider = firm.client_actor("Otto", &[harbour]);
        let limited = firm.limited("Lena", &[harbour]);
        let foreign = other_firm.staff("Fred");
        let channel = firm.channel_of(maria.person);
        let message = office.posts(maria, channel, "secret");
        for stranger in [outsider, limited, foreign] {
            assert!(matches!(office.sees(stranger, channel), Err(Error::NotFound)));
            assert!(matches!(office.deletes(stranger, message.id), Err(Error::NotFound)));
            assert!(matches!(office.edits(stranger, message.id, "x"), Err(Error::NotFound)));
            assert!(office.list(stranger, Filter::default()).iter().all(|listed| listed.channel.id != channel));
            let subject = Subject::Client(maria.person);
            assert!(matches!(office.write(move |tx| starting::create(tx, &stranger, &subject)), Err(Error::NotFound)));
        }
        assert_eq!(office.texts(maria, channel), ["secret"]);
    }

    fn c5_the_preview_says_title_and_people_before_anything_is_made(office) {
        let firm = office.firm("a.example");
        let bakery = firm.company("Bakery");
        firm.client("Maria", &[bakery]);
        firm.client("Tom", &[bakery]);
        firm.limited("Lena", &[bakery]);
        firm.limited("Nora", &[]);
        let ada = firm.ada;
        let look = move |subject: Subject| office.read(move |reader| starting::preview(reader, &ada, &subject));
        let preview = look(Subject::Company(bakery)).expect("a preview");
        let names: Vec<String> = preview.people.iter().map(|(_, name, _)| name.given.clone()).collect();
        assert_eq!((preview.title.as_str(), preview.existing), ("Bakery", None));
        assert_eq!(names, ["Maria", "Tom", "Ada", "Lena"]);
        let otto = firm.client("Otto", &[bakery]);
        let maria = office.members(firm.ada, firm.channel(Subject::Company(bakery)))[0].person;
        let group = look(Subject::Group(bakery, vec![maria, otto])).expect("a preview");
        let in_it: Vec<String> = group.people.iter().map(|(_, name, _)| name.given.clone()).collect();
        assert_eq!((group.title.as_str(), in_it), ("Maria Client, Otto Client", ["Maria", "Otto", "Ada", "Lena"].map(str::to_string).to_vec()));
        firm.deactivate(firm.ada, otto).expect("gone again");
        let channel = firm.channel(Subject::Company(bakery));
        let members: Vec<String> =
            office.members(firm.ada, channel).into_iter().map(|member| member.name.given).collect();
        assert_eq!(members, names, "what was shown is what was made");
        assert_eq!(look(Subject::Company(bakery)).expect("a preview").existing, Some(channel));
    }

    fn c5_only_people_on_a_project_can_open_its_channel(office) {
        let firm = office.firm("a.example");
        let staff = firm.staff("Tom");
        let project = firm.project("Oven", &[], &[firm.ada.person]);
        let refused = office.write(move |tx| starting::create(tx, &staff, &Subject::Project(project)));
        assert!(matches!(refused, Err(Error::Conflict(_))));
    }

    fn c6_a_new_client_user_has_a_channel_at_once(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let listed = office.list(maria, Filter::default());
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].channel.kind, Kind::Client);
        assert!(firm.is_in(listed[0].channel.id, firm.ada.person));
    }

    fn c6_where_the_workspace_says_so_a_new_client_user_joins_the_companys(office) {
        let firm = office.firm("a.example");
        let bakery = firm.company("Bakery");
        firm.sets(MessagingChange { default_channel: Some(DefaultChannel::Company), ..MessagingChange::default() });
        let maria = firm.client_actor("Maria", &[bakery]);
        let tom = firm.client_actor("Tom", &[bakery]);
        let of = |who| office.list(who, Filter::default()).into_iter().map(|listed| listed.channel.id).collect::<Vec<ChannelId>>();
        assert_eq!(of(maria).len(), 1);
        assert_eq!(of(maria), of(tom));
        assert_eq!(office.titles(firm.ada, Filter::default()), ["Bakery"]);
    }

    fn c6_another_default_changes_only_what_comes_after(office) {
        let firm = office.firm("a.example");
        let bakery = firm.company("Bakery");
        let default = |channel| MessagingChange { default_channel: Some(channel), ..MessagingChange::default() };
        let of = |who| office.list(who, Filter::default()).into_iter().map(|listed| listed.channel.id).collect::<Vec<ChannelId>>();
        let before = firm.client_actor("Bo", &[bakery]);
        let own = of(before);
        firm.sets(default(DefaultChannel::Company));
        let maria = firm.client_actor("Maria", &[bakery]);
        let shared = of(maria);
        assert_eq!(shared.len(), 1);
        // Client users who have a channel of their own keep it, and can read the company's channel as well.
        assert!(own.iter().all(|channel| of(before).contains(channel)) && !shared.contains(&own[0]));
        firm.sets(default(DefaultChannel::Client));
        let tom = firm.client_actor("Tom", &[bakery]);
        let toms = of(tom);
        assert_eq!(toms.len(), 2, "their own, and the company's, which is there");
        assert!(toms.contains(&shared[0]) && !of(maria).contains(toms.iter().find(|channel| **channel != shared[0]).unwrap()));
        assert_eq!(of(maria), shared);
    }

    fn c5_client_users_start_channels_where_the_firm_lets_them_and_only_about_what_is_theirs(office) {
        let firm = office.firm("a.example");
        let (bakery, shipping) = (firm.company("Bakery"), firm.company("Shipping"));
        let maria = firm.client_actor("Maria", &[bakery]);
        let may = |may| MessagingChange { clients_may_start: Some(may), ..MessagingChange::default() };
        let start = |subject: Subject| office.write(move |tx| starting::create(tx, &maria, &subject));
        assert!(matches!(start(Subject::Company(bakery)), Err(Error::NotFound)));
        firm.sets(may(true));
        assert!(matches!(start(Subject::Company(shipping)), Err(Error::NotFound)));
        let started = start(Subject::Company(bakery)).unwrap();
        assert_eq!(start(Subject::Company(bakery)).unwrap(), started);
        assert!(firm.is_in(started, maria.person) && firm.is_in(started, firm.ada.person));
        firm.sets(may(false));
        assert!(matches!(start(Subject::Client(maria.person)), Err(Error::NotFound)));
        assert!(firm.is_in(started, maria.person), "what was started stays");
    }

    fn c7_members_say_since_when_they_are_there_and_when_they_last_wrote(office) {
        let firm = office.firm("a.example");
        let bakery = firm.company("Bakery");
        let maria = firm.client_actor("Maria", &[bakery]);
        let channel = firm.channel(Subject::Company(bakery));
        office.wait_minutes(1);
        office.posts(maria, channel, "hello");
        office.wait_minutes(1);
        let tom = firm.client_actor("Tom", &[bakery]);
        let spoke = office.member(maria, channel).spoke_at.expect("she wrote");
        let added: Vec<_> =
            office.members(maria, channel).into_iter().filter(|member| member.joined_at > spoke).collect();
        assert_eq!(added.iter().map(|member| member.person).collect::<Vec<_>>(), [tom.person]);
    }

    fn c8_an_internal_user_may_mute_leave_and_come_back(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let tom = firm.staff("Tom");
        let channel = firm.channel_of(maria.person);
        office.write(move |tx| muting::mute(tx, &tom, channel, true)).expect("muted");
        office.posts(maria, channel, "hello");
        assert_eq!(office.read(move |reader| unread_count::of_person(reader, &tom)).expect("a count"), 0);
        assert_eq!(office.unread(tom, channel), 1);
        office.write(move |tx| members::leave(tx, &tom, channel)).expect("left");
        assert!(matches!(office.sends(tom, &office.draft(channel, "x", None)), Err(Error::Forbidden)));
        assert_eq!(office.texts(tom, channel), ["hello"], "he may still look");
        office.posts(maria, channel, "anybody?");
        let ada = firm.ada;
        office.write(move |tx| members::add(tx, &ada, channel, tom.person)).expect("added");
        assert_eq!(office.unread(tom, channel), 0, "what was written meanwhile does not wait");
        office.posts(tom, channel, "back");
        for closure in [members::leave, |tx: &mut store::Tx, who: &_, channel| muting::mute(tx, who, channel, true)] {
            assert!(matches!(office.write(move |tx| closure(tx, &maria, channel)), Err(Error::Forbidden)));
        }
    }

    fn c8_nobody_without_access_can_be_added(office) {
        let firm = office.firm("a.example");
        let (bakery, harbour) = (firm.company("Bakery"), firm.company("Harbour"));
        let maria = firm.client("Maria", &[bakery]);
        let lena = firm.limited("Lena", &[harbour]);
        let (ada, channel) = (firm.ada, firm.channel_of(maria));
        let refused = office.write(move |tx| members::add(tx, &ada, channel, lena.person));
        assert!(matches!(refused, Err(Error::NotFound)));
        assert!(!firm.is_in(channel, lena.person));
    }

    fn c8_admins_archive_and_a_new_message_brings_it_back(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let tom = firm.staff("Tom");
        let (ada, channel) = (firm.ada, firm.channel_of(maria.person));
        for who in [tom, maria] {
            let refused = office.write(move |tx| channel::archive(tx, &who, channel, true));
            assert!(matches!(refused, Err(Error::Forbidden)));
        }
        office.write(move |tx| channel::archive(tx, &ada, channel, true)).expect("archived");
        assert!(office.list(tom, Filter::default()).is_empty());
        assert_eq!(office.list(tom, Filter { archived: true, ..Filter::default() }).len(), 1);
        office.posts(maria, channel, "one more thing");
        assert_eq!(office.list(tom, Filter::default()).len(), 1);
    }

    fn c9_a_group_needs_client_users_of_one_company_and_loses_who_moves_away(office) {
        let firm = office.firm("a.example");
        let (bakery, harbour) = (firm.company("Bakery"), firm.company("Harbour"));
        let maria = firm.client_actor("Maria", &[bakery]);
        let tom = firm.client("Tom", &[bakery]);
        let otto = firm.client("Otto", &[harbour]);
        let ada = firm.ada;
        let refuse = move |people: Vec<_>, problem| {
            let group = Subject::Group(bakery, people);
            let refused = office.write(move |tx| starting::create(tx, &ada, &group));
            assert!(matches!(refused, Err(Error::Field { field: "memberIds", problem: found }) if found == problem));
        };
        refuse(vec![maria.person], Problem::TooFew(2));
        refuse(vec![maria.person, tom, maria.person], Problem::Twice);
        refuse(vec![maria.person, otto], Problem::Unknown);
        refuse(vec![maria.person, ada.person], Problem::Unknown);
        let group = firm.channel(Subject::Group(bakery, vec![maria.person, tom]));
        assert!(firm.is_in(group, maria.person) && firm.is_in(group, ada.person) && !firm.is_in(group, otto));
        firm.move_client(maria.person, &[harbour]);
        assert!(!firm.is_in(group, maria.person));
        assert_eq!(office.sees(ada, group).expect("a channel").title, "Tom Client");
        firm.move_client(maria.person, &[bakery]);
        assert!(!firm.is_in(group, maria.person), "who left is put in again by hand only");
    }

    fn the_list_is_newest_first_and_can_be_narrowed(office) {
        let firm = office.firm("a.example");
        let bakery = firm.company("Bakery");
        let maria = firm.client_actor("Maria", &[bakery]);
        let tom = firm.client_actor("Tom", &[bakery]);
        let company = firm.channel(Subject::Company(bakery));
        for (who, channel) in [(firm.ada, company), (tom, firm.channel_of(tom.person)), (maria, firm.channel_of(maria.person))] {
            office.wait_minutes(1);
            office.posts(who, channel, "hello");
        }
        assert_eq!(office.titles(firm.ada, Filter::default()), ["Maria Client", "Tom Client", "Bakery"]);
        let unread = Filter { unread: true, ..Filter::default() };
        assert_eq!(office.titles(firm.ada, unread), ["Maria Client", "Tom Client"]);
        let companies = Filter { kind: Some(Kind::Company), ..Filter::default() };
        assert_eq!(office.titles(firm.ada, companies), ["Bakery"]);
        let named = Filter { title: " MARIA".to_string(), ..Filter::default() };
        assert_eq!(office.titles(firm.ada, named), ["Maria Client"]);
        assert_eq!(office.titles(maria, Filter::default()), ["Brand", "Bakery"]);
    }
}
