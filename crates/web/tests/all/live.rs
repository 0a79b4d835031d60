//! Live updates: who receives which events, in which order (C3, M4, M6, M8).

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, StatusCode};
use domain::administration;
use domain::administration::clients::{self, ClientInput};
use domain::administration::deactivation;
use domain::arrival::invitations;
use domain::channels::{members, starting};
use domain::identity::sessions;
use domain::kernel::access::Actor;
use domain::kernel::ids::{ChannelId, MessageId};
use domain::messages::{editing, sending};
use domain::notify::{deliveries, delivery, due};
use http_body_util::BodyExt;

use crate::support::Firm;

/// Events arrive within this time, or the test fails.
const PATIENCE: Duration = Duration::from_secs(10);

/// An open stream, read event by event.
struct Stream {
    body: Body,
    text: String,
}

#[derive(Debug, PartialEq)]
struct Event {
    id: Option<i64>,
    name: String,
    data: String,
}

impl Stream {
    async fn open(firm: &Firm, who: Actor, path: &str) -> Stream {
        let (status, headers, body) = firm.browser_of(who).await.open(Method::GET, path, None).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(headers["content-type"], "text/event-stream");
        let mut stream = Stream { body, text: String::new() };
        // It begins with the time after which to reconnect.
        assert_eq!(stream.next_block().await.as_deref(), Some("retry: 1000"));
        stream
    }

    /// The next block of lines. Returns `None` at the end of the stream.
    async fn next_block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let block = block.to_string();
                self.text = rest.to_string();
                return Some(block);
            }
            let frame = tokio::time::timeout(PATIENCE, self.body.frame()).await.expect("an event in time");
            let data = frame?.expect("no error").into_data().expect("data");
            self.text.push_str(std::str::from_utf8(&data).expect("text"));
        }
    }

    /// The next event. Returns `None` at the end of the stream.
    async fn next(&mut self) -> Option<Event> {
        loop {
            let block = self.next_block().await?;
            let of = |name: &str| {
                block.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_string())
            };
            if let Some(name) = of("event:") {
                let id = of("id:").map(|id| id.parse().expect("a number"));
                return Some(Event { id, name, data: of("data:").unwrap_or_default() });
            }
        }
    }

    async fn expect(&mut self, name: &str, word: &str) -> Event {
        let event = self.next().await.expect("another event");
        assert!(
            event.name == name && event.data.contains(word),
            "{name} with {word:?} expected, came {event:?}"
        );
        event
    }

    async fn ends(&mut self) {
        assert_eq!(self.next().await, None, "the stream is closed");
    }
}

impl Firm {
    async fn says(&self, who: Actor, channel: ChannelId, text: &str) -> MessageId {
        let text = text.to_string();
        self.portal
            .write(move |tx| {
                let id = MessageId::new(tx.now());
                let draft = sending::Draft { id, channel, text, attachments: Vec::new(), shown: None };
                sending::send(tx, &who, &draft).map(|message| message.id)
            })
            .await
    }

    async fn head(&self) -> i64 {
        let workspace = self.workspace;
        self.portal.read(move |reader| Ok(reader.journal_head(workspace.0)?)).await
    }
}

#[tokio::test]
async fn m4_members_hear_everything_in_order_and_with_the_same_bytes() {
    let firm = Firm::new().await;
    let mut jane = Stream::open(&firm, firm.jane, "/live").await;
    let mut oskar = Stream::open(&firm, firm.oskar, "/live").await;
    for number in 0..20 {
        firm.says(
            if number % 2 == 0 { firm.jane } else { firm.oskar },
            firm.channel,
            &format!("number {number};"),
        )
        .await;
    }
    let mut last = 0;
    for number in 0..20 {
        let event = jane.expect("message", &format!("number {number};")).await;
        assert_eq!(oskar.next().await.as_ref(), Some(&event));
        assert!(event.id.unwrap() > last);
        last = event.id.unwrap();
    }
}

#[tokio::test]
async fn c3_outsiders_hear_nothing() {
    let firm = Firm::new().await;
    let mut outsiders = Vec::new();
    for who in [firm.maria, firm.priya, firm.stranger] {
        outsiders.push(Stream::open(&firm, who, "/live").await);
    }
    let mut jane = Stream::open(&firm, firm.jane, "/live").await;
    let id = firm.says(firm.oskar, firm.channel, "for the firm only").await;
    let (oskar, channel, jane_actor) = (firm.oskar, firm.channel, firm.jane);
    firm.portal.write(move |tx| editing::edit(tx, &oskar, id, "changed")).await;
    firm.portal.write(move |tx| editing::delete(tx, &oskar, id)).await;
    firm.portal.write(move |tx| members::read_up_to(tx, &jane_actor, channel, 2)).await;
    for (name, word) in
        [("message", "for the firm only"), ("changed", ">changed<"), ("changed", "deleted"), ("read", "")]
    {
        jane.expect(name, word).await;
    }
    for stream in &mut outsiders {
        let heard = tokio::time::timeout(Duration::from_millis(200), stream.body.frame()).await;
        assert!(heard.is_err(), "an outsider heard {heard:?}");
    }
}

#[tokio::test]
async fn c3_losing_access_closes_the_stream_before_anything_later_is_heard() {
    let firm = Firm::new().await;
    let (jane, santos, northwind, oskar) = (firm.jane, firm.santos, firm.northwind, firm.oskar);
    let company = firm
        .portal
        .write(move |tx| starting::create(tx, &jane, &starting::Subject::Company(northwind)))
        .await;
    let mut stream = Stream::open(&firm, oskar, "/live").await;
    firm.says(jane, company, "while he belongs to it").await;
    firm.portal
        .write(move |tx| {
            let change =
                ClientInput { company_ids: vec![santos].into(), confirmed: true, ..ClientInput::default() };
            clients::edit_client(tx, &jane, oskar.person, &change)
        })
        .await;
    firm.says(jane, company, "after he left").await;
    stream.expect("message", "while he belongs to it").await;
    stream.expect("gone", &company.to_string()).await;
    stream.ends().await;

    // Reconnecting, even from before all of it, he receives nothing of that channel any more.
    let mut again = Stream::open(&firm, oskar, "/live?after=0").await;
    firm.says(oskar, firm.channel, "the end of this test").await;
    loop {
        let event = again.next().await.expect("another event");
        assert!(!event.data.contains("belongs to it") && !event.data.contains("after he left"), "{event:?}");
        if event.data.contains("the end of this test") {
            break;
        }
    }
}

#[tokio::test]
async fn c3_who_joins_hears_of_it_and_of_what_follows() {
    let firm = Firm::new().await;
    let (jane, northwind, maria) = (firm.jane, firm.northwind, firm.maria);
    let company = firm
        .portal
        .write(move |tx| starting::create(tx, &jane, &starting::Subject::Company(northwind)))
        .await;
    let mut stream = Stream::open(&firm, maria, "/live").await;
    let santos = firm.santos;
    firm.portal
        .write(move |tx| {
            let change =
                ClientInput { company_ids: vec![santos, northwind].into(), ..ClientInput::default() };
            clients::edit_client(tx, &jane, maria.person, &change)
        })
        .await;
    firm.says(jane, company, "welcome").await;
    let joined = stream.expect("members", &company.to_string()).await;
    assert!(joined.data.contains("Maria Santos"), "{joined:?}");
    stream.expect("message", "welcome").await;
}

#[tokio::test]
async fn m4_a_device_that_was_away_gets_exactly_what_it_missed() {
    let firm = Firm::new().await;
    let before = firm.head().await;
    let mut texts = Vec::new();
    for number in 0..5 {
        firm.says(firm.jane, firm.channel, &format!("missed {number};")).await;
        texts.push(format!("missed {number};"));
    }
    let mut stream = Stream::open(&firm, firm.oskar, &format!("/live?after={}", before + 1)).await;
    for text in &texts[1..] {
        stream.expect("message", text).await;
    }
    firm.says(firm.jane, firm.channel, "and then live").await;
    stream.expect("message", "and then live").await;
}

#[tokio::test]
async fn m4_what_happens_while_a_stream_opens_is_heard_once_and_in_order() {
    let firm = Firm::new().await;
    let before = firm.head().await;
    let (portal, jane, channel) = (firm.portal.store.clone(), firm.jane, firm.channel);
    let writing = tokio::spawn(async move {
        for number in 0..150 {
            let sent = portal.write(move |tx| {
                let draft = sending::Draft {
                    id: MessageId::new(tx.now()),
                    channel,
                    text: format!("number {number};"),
                    attachments: Vec::new(),
                    shown: None,
                };
                sending::send(tx, &jane, &draft).map(drop)
            });
            sent.await.unwrap();
        }
    });
    for _ in 0..5 {
        let mut stream = Stream::open(&firm, firm.oskar, &format!("/live?after={before}")).await;
        for number in 0..150 {
            let event = stream.expect("message", &format!("number {number};")).await;
            assert_eq!(event.id, Some(before + 1 + number));
        }
    }
    writing.await.unwrap();
}

#[tokio::test]
async fn m4_a_long_absence_loads_anew() {
    let firm = Firm::new().await;
    let (oskar, channel) = (firm.oskar, firm.channel);
    firm.portal
        .write(move |tx| {
            for number in 0..1_100 {
                let id = MessageId::new(tx.now());
                let draft = sending::Draft {
                    id,
                    channel,
                    text: format!("{number}"),
                    attachments: Vec::new(),
                    shown: None,
                };
                sending::send(tx, &oskar, &draft)?;
            }
            Ok(())
        })
        .await;
    // An open stream of somebody else keeps the workspace followed.
    let _jane = Stream::open(&firm, firm.jane, "/live").await;
    let mut stream = Stream::open(&firm, firm.oskar, "/live?after=1").await;
    stream.expect("reset", "").await;
}

#[tokio::test]
async fn a_place_that_this_database_has_not_come_to_begins_anew() {
    let firm = Firm::new().await;
    let head = firm.head().await;
    let mut stream = Stream::open(&firm, firm.oskar, &format!("/live?after={}", head + 1)).await;
    stream.expect("reset", "").await;
    // At the newest entry there is nothing to send yet.
    let mut stream = Stream::open(&firm, firm.oskar, &format!("/live?after={head}")).await;
    firm.says(firm.jane, firm.channel, "the next").await;
    stream.expect("message", "the next").await;
}

#[tokio::test]
async fn a_place_that_cannot_be_read_is_refused() {
    let firm = Firm::new().await;
    for after in ["x", "-1", "1.5", "99999999999999999999", ""] {
        let (status, ..) =
            firm.browser_of(firm.jane).await.open(Method::GET, &format!("/live?after={after}"), None).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{after:?}");
    }
}

#[tokio::test]
async fn s1_ending_a_session_closes_its_stream_and_no_other() {
    let firm = Firm::new().await;
    let jane = firm.jane;
    let mut ended = Stream::open(&firm, jane, "/live").await;
    let sessions_before = firm.portal.read(move |reader| sessions::list(reader, &jane)).await;
    let mut kept = Stream::open(&firm, jane, "/live").await;
    let session = sessions_before[0].id;
    firm.portal.write(move |tx| sessions::end(tx, &jane, session)).await;
    ended.expect("signed-out", "").await;
    ended.ends().await;
    firm.says(firm.oskar, firm.channel, "still there?").await;
    kept.expect("message", "still there?").await;
}

#[tokio::test]
async fn c2_a_new_name_is_heard_at_once() {
    let firm = Firm::new().await;
    let (jane, northwind) = (firm.jane, firm.northwind);
    firm.portal.write(move |tx| starting::create(tx, &jane, &starting::Subject::Company(northwind))).await;
    let mut stream = Stream::open(&firm, firm.oskar, "/live").await;
    firm.portal
        .write(move |tx| administration::companies::rename(tx, &jane, northwind, "Northwind & Sons"))
        .await;
    stream.expect("channel", "Northwind & Sons").await;
}

#[tokio::test]
async fn m8_typing_is_told_to_the_others_and_only_to_members() {
    let firm = Firm::new().await;
    let mut oskar = Stream::open(&firm, firm.oskar, "/live").await;
    let mut maria = Stream::open(&firm, firm.maria, "/live").await;
    let path = format!("/messages/{}/typing", firm.channel);
    let mut outsider = firm.browser_of(firm.maria).await;
    outsider.post(&path, &[]).await.is(404);
    let mut jane = firm.browser_of(firm.jane).await;
    jane.post(&path, &[]).await;
    let event = oskar.expect("typing", "Jane").await;
    assert_eq!(event.id, None, "who was away has missed nothing");
    assert!(tokio::time::timeout(Duration::from_millis(200), maria.body.frame()).await.is_err());
}

#[tokio::test]
async fn n12_what_becomes_of_a_notice_is_heard_by_internal_users_and_by_nobody_else() {
    let firm = Firm::new().await;
    let (jane, oskar, channel) = (firm.jane, firm.oskar, firm.channel);
    firm.portal.write(move |tx| invitations::invite(tx, &jane, oskar.person)).await;
    firm.says(jane, channel, "unread").await;
    let before = firm.head().await;
    let mut seeing = Stream::open(&firm, jane, "/live").await;
    let mut outsider = Stream::open(&firm, firm.priya, "/live").await;
    let mut client = Stream::open(&firm, oskar, "/live").await;
    firm.portal.wait(Duration::from_secs(300));
    firm.portal
        .write(move |tx| {
            due::enqueue_due(tx, jane.workspace, channel, None)?;
            due::decide(tx, jane.workspace, oskar.person, None)?.expect("a digest");
            let claimed = deliveries::claim(tx, 8)?;
            let is_digest = |delivery: &&delivery::Delivery| delivery.kind.word() == "digestMail";
            let notice = claimed.iter().find(is_digest).expect("its delivery");
            deliveries::failed_for_now(tx, notice, "later")?.expect("another try");
            deliveries::sent(tx, notice)
        })
        .await;
    for _ in 0..2 {
        seeing.expect("notice", &channel.to_string()).await;
    }
    firm.says(jane, channel, "afterwards").await;
    seeing.expect("message", "afterwards").await;
    client.expect("message", "afterwards").await;
    // The same after reconnecting.
    let mut again = Stream::open(&firm, jane, &format!("/live?after={before}")).await;
    again.expect("notice", &channel.to_string()).await;
    let mut again = Stream::open(&firm, oskar, &format!("/live?after={before}")).await;
    again.expect("message", "afterwards").await;
    let priya = firm.priya.person;
    firm.portal.write(move |tx| deactivation::deactivate(tx, &jane, priya)).await;
    outsider.expect("signed-out", "").await;
}

#[tokio::test]
async fn streams_of_the_signed_out_are_refused() {
    let firm = Firm::new().await;
    let mut nobody = firm.portal.browser();
    let (status, ..) = nobody.open(Method::GET, "/live", None).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "sent to sign in");
}
