//! Webhooks on their way: signed as the specification says, and nothing that a program does on the other end harms the
//! portal.

use std::time::{Duration, Instant};

use crate::provider::{Answer as Told, Provider};
use outbound::webhooks::{
    ANSWER_CHARACTERS, Answer, Call, CallError, Caller, Http, Memory, Reach, Timing, UrlError, signature,
};

const QUICK: Timing = Timing { connect: Duration::from_secs(5), answer: Duration::from_millis(300) };

fn call(provider: &Provider) -> Call {
    Call {
        id: "0190d6ab-0000-7000-8000-000000000001".to_owned(),
        url: format!("http://{}/hooks?from=portal", provider.address),
        secret: (0..32).collect(),
        timestamp: 1_767_603_600,
        body: r#"{"type":"message.sent","data":{"text":"Zoë"}}"#.to_owned(),
    }
}

async fn told(provider: &Provider, answer: Told) -> Result<Answer, CallError> {
    provider.next(answer);
    Caller::Http(Http::new(Reach::Anywhere, QUICK)).call(&call(provider)).await
}

fn http(head: &str, body: &[u8]) -> Vec<u8> {
    [head.as_bytes(), b"\r\n\r\n", body].concat()
}

#[tokio::test]
async fn h2_a_call_is_signed_so_that_another_implementation_knows_it() {
    let provider = Provider::start().await;
    let answer = told(&provider, Told::Say(200, "thanks")).await.unwrap();
    assert_eq!(answer, Answer { status: 200, text: "thanks".to_owned() });
    let calls = provider.calls();
    let (sent, expected) = (&calls[0], call(&provider));
    assert_eq!(sent.line, "POST /hooks?from=portal HTTP/1.1");
    assert_eq!(sent.header("host"), provider.address.to_string());
    assert_eq!(sent.header("content-type"), "application/json");
    assert_eq!((sent.header("webhook-id"), sent.header("webhook-timestamp")), (&*expected.id, "1767603600"));
    assert_eq!(sent.body, expected.body);
    let webhook = standardwebhooks::Webhook::new(&signature::shown(&expected.secret)).unwrap();
    let signed = webhook.sign(&expected.id, 1_767_603_600, sent.body.as_bytes()).unwrap();
    assert_eq!(sent.header("webhook-signature"), signed);
    let other = webhook.sign(&expected.id, 1_767_603_601, sent.body.as_bytes()).unwrap();
    assert_ne!(sent.header("webhook-signature"), other);
}

#[tokio::test]
async fn h5_only_a_status_of_success_is_a_yes() {
    let provider = Provider::start().await;
    for (status, is_yes) in
        [(200, true), (204, true), (299, true), (301, false), (400, false), (410, false), (500, false)]
    {
        let answer = told(&provider, Told::Say(status, "")).await.unwrap();
        assert_eq!((answer.status, answer.is_yes(), answer.is_gone()), (status, is_yes, status == 410));
    }
}

#[tokio::test]
async fn h4_a_redirect_is_not_followed() {
    let (provider, other) = (Provider::start().await, Provider::start().await);
    for status in [301, 302, 303, 307, 308] {
        let head = format!("HTTP/1.1 {status} x\r\nLocation: http://{}/\r\nContent-Length: 0", other.address);
        let answer = told(&provider, Told::Bytes(http(&head, b""))).await.unwrap();
        assert_eq!((answer.status, answer.is_yes()), (status, false));
    }
    assert_eq!((provider.calls().len(), other.calls().len()), (5, 0));
}

#[tokio::test]
async fn h4_a_long_answer_is_cut_and_its_status_counts() {
    let provider = Provider::start().await;
    let body = "ü".repeat(500_000);
    let head = format!("HTTP/1.1 200 x\r\nContent-Length: {}", body.len());
    let answer = told(&provider, Told::Bytes(http(&head, body.as_bytes()))).await.unwrap();
    assert_eq!((answer.status, answer.text), (200, "ü".repeat(ANSWER_CHARACTERS)));
    // One without an end, too.
    let chunks =
        format!("HTTP/1.1 500 x\r\nTransfer-Encoding: chunked\r\n\r\n{}", "5\r\nhello\r\n".repeat(100_000));
    let answer = told(&provider, Told::Stall(chunks.into_bytes())).await.unwrap();
    assert_eq!((answer.status, answer.text.chars().count()), (500, ANSWER_CHARACTERS));
}

#[tokio::test]
async fn h4_who_says_nothing_is_not_waited_for_longer_than_the_time_allows() {
    let provider = Provider::start().await;
    let began = Instant::now();
    for silent in ["", "HTTP/1.1 200", "HTTP/1.1 200 x\r\nContent-"] {
        let error = told(&provider, Told::Stall(silent.into())).await.unwrap_err();
        assert!(error.0.contains("did not answer in time"), "{error}");
    }
    // A status that has come counts, though the rest never does.
    let answer =
        told(&provider, Told::Stall(b"HTTP/1.1 202 x\r\nContent-Length: 9\r\n\r\nsome".to_vec())).await;
    assert_eq!(answer, Ok(Answer { status: 202, text: "some".to_owned() }));
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

#[tokio::test]
async fn h4_whoever_hangs_up_or_speaks_something_else_is_a_failed_try() {
    let provider = Provider::start().await;
    for answer in [
        Told::HangUpAtOnce,
        Told::HangUp,
        Told::Bytes(b"220 mail.example ESMTP\r\n".to_vec()),
        Told::Bytes(vec![0; 4096]),
        Told::Bytes(b"HTTP/1.1 ".to_vec()),
        Told::Bytes(http("HTTP/1.1 200 x\r\nContent-Length: -1", b"")),
        Told::Bytes([b"HTTP/1.1 200 x\r\n".as_slice(), "X-Long: 1\r\n".repeat(50_000).as_bytes()].concat()),
    ] {
        let error = told(&provider, answer.clone()).await.unwrap_err();
        assert!(error.0.contains(&provider.address.to_string()) && !error.0.contains("whsec"), "{error}");
    }
    // Nobody there.
    let gone = Call { url: "http://127.0.0.1:1/".to_owned(), ..call(&provider) };
    let error = Caller::Http(Http::new(Reach::Anywhere, QUICK)).call(&gone).await.unwrap_err();
    assert!(error.0.contains("cannot be reached"), "{error}");
    // No TLS where https is spoken.
    let secure = Call { url: format!("https://{}/", provider.address), ..call(&provider) };
    let error = Caller::Http(Http::new(Reach::Anywhere, QUICK)).call(&secure).await.unwrap_err();
    assert!(error.0.contains("TLS"), "{error}");
}

#[tokio::test]
async fn h4_what_stands_on_this_machine_is_never_called_unless_that_is_allowed() {
    let provider = Provider::start().await;
    let caller = Caller::new(Reach::Internet);
    let port = provider.address.port();
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433"] {
        let url = format!("http://{host}:{port}/");
        assert_eq!(caller.check(&url), Err(UrlError::Private), "{url}");
        let refused = caller.call(&Call { url, ..call(&provider) }).await.unwrap_err();
        assert!(refused.0.contains("does not lead to the internet"), "{refused}");
    }
    // Names that say nothing about it, but that this machine takes for itself.
    let own = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    let own = own.trim();
    if !own.is_empty() {
        let refused = caller.call(&Call { url: format!("http://{own}:{port}/"), ..call(&provider) }).await;
        assert!(refused.is_err(), "{refused:?}");
    }
    assert_eq!(provider.calls().len(), 0);
}

#[tokio::test]
async fn h4_memory_answers_what_it_is_told() {
    let provider = Provider::start().await;
    let memory = Memory::default();
    let caller = Caller::Memory(memory.clone());
    assert!(caller.call(&call(&provider)).await.unwrap().is_yes());
    memory.answer(|_| Err(CallError("gone".to_owned())));
    assert!(caller.call(&call(&provider)).await.is_err());
    assert_eq!(memory.take(), [call(&provider), call(&provider)]);
    assert!(memory.calls().is_empty());
}
