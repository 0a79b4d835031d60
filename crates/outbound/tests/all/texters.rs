//! Texts on their way: through a provider that behaves or does not, into a folder, into memory.

use crate::provider::{Answer, Provider};
use outbound::text::{Memory, Text, TextError, TextErrorKind, Texter};

fn text() -> Text {
    Text {
        id: "0190d6ab".to_owned(),
        to: "+15005550100".to_owned(),
        body: "Harbor & Lee: 2 new messages from Zoë. https://portal.example/r/x+y".to_owned(),
    }
}

async fn sent(provider: &Provider, answer: Answer) -> Result<(), TextError> {
    provider.next(answer);
    Texter::from_setting(&provider.setting()).unwrap().send(&text()).await
}

#[tokio::test]
async fn n9_a_text_leaves_through_the_messages_call() {
    let provider = Provider::start().await;
    let texter = Texter::from_setting(&provider.setting()).unwrap();
    texter.send(&text()).await.unwrap();
    let calls = provider.calls();
    let call = &calls[0];
    assert_eq!(call.line, "POST /2010-04-01/Accounts/AC1/Messages.json HTTP/1.1");
    assert_eq!(call.header("host"), provider.address.to_string());
    assert_eq!(call.header("content-type"), "application/x-www-form-urlencoded");
    assert_eq!(call.header("idempotency-key"), "0190d6ab");
    let form = call.form();
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(form, [("To", "+15005550100"), ("From", "+15005550006"), ("Body", text().body.as_str())]);
    assert_eq!(calls.len(), 1);
}

#[tokio::test]
async fn n12_what_may_pass_is_temporary() {
    let provider = Provider::start().await;
    for answer in [
        Answer::Say(429, r#"{"code":20429,"message":"Too Many Requests"}"#),
        Answer::Say(500, r#"{"code":20500,"message":"Internal"}"#),
        Answer::Say(503, "<html>down</html>"),
        Answer::Say(401, r#"{"code":20003,"message":"Authenticate"}"#),
        Answer::Say(404, ""),
        Answer::Say(400, r#"{"code":21611,"message":"Queue is full"}"#),
        Answer::Say(302, ""),
        Answer::HangUp,
        Answer::HangUpAtOnce,
    ] {
        let error = sent(&provider, answer.clone()).await.unwrap_err();
        assert_eq!(error.kind, TextErrorKind::Temporary, "{answer:?} {error}");
    }
    assert!(sent(&provider, Answer::Say(201, "not JSON")).await.is_ok(), "the status is what counts");
}

#[tokio::test]
async fn n12_what_will_never_pass_is_permanent() {
    let provider = Provider::start().await;
    for answer in [
        Answer::Say(400, r#"{"code":21211,"message":"Invalid 'To' Phone Number: +15005550100"}"#),
        Answer::Say(400, r#"{"code":21614,"message":"not a mobile number"}"#),
        Answer::Say(400, ""),
    ] {
        let error = sent(&provider, answer.clone()).await.unwrap_err();
        assert_eq!(error.kind, TextErrorKind::Permanent, "{answer:?} {error}");
    }
    let texter = Texter::from_setting(&provider.setting()).unwrap();
    let before = provider.calls().len();
    for wrong in [
        Text { to: "020 7946".to_owned(), ..text() },
        Text { to: "+1".to_owned(), ..text() },
        Text { body: String::new(), ..text() },
        Text { body: "x".repeat(1_601), ..text() },
    ] {
        assert_eq!(texter.send(&wrong).await.unwrap_err().kind, TextErrorKind::Permanent);
    }
    assert_eq!(provider.calls().len(), before, "what is no text is not even tried");
}

#[tokio::test]
async fn n9_an_unsubscribed_number_is_told_apart() {
    let provider = Provider::start().await;
    let said =
        r#"{"code":21610,"message":"Attempt to send to unsubscribed recipient +15005550100","status":400}"#;
    let error = sent(&provider, Answer::Say(400, said)).await.unwrap_err();
    assert_eq!(error.kind, TextErrorKind::Unsubscribed);
    assert!(error.cause.ends_with("answered 400, code 21610"), "{error}");
}

#[tokio::test]
async fn errors_repeat_neither_secret_nor_number_nor_text() {
    let provider = Provider::start().await;
    let echo = r#"{"code":21211,"message":"AC1:hush:hush +15005550100 Harbor"}"#;
    for answer in [Answer::Say(400, echo), Answer::Say(500, echo), Answer::HangUp, Answer::HangUpAtOnce] {
        let error = sent(&provider, answer.clone()).await.unwrap_err();
        let said = format!("{error} {error:?}");
        for hidden in ["hush", "AC1", "+1500", "Harbor"] {
            assert!(!said.contains(hidden), "{hidden} in {said}");
        }
    }
    assert_eq!(format!("{:?}", text()), r#"Text { id: "0190d6ab", .. }"#);
}

#[tokio::test]
async fn a_provider_that_is_not_there_is_temporary_and_the_check_says_so() {
    let provider = Provider::start().await;
    let texter = Texter::from_setting(&provider.setting()).unwrap();
    provider.next(Answer::Say(200, r#"{"sid":"AC1"}"#));
    assert!(texter.check().await.unwrap().contains("knows the account"));
    provider.next(Answer::Say(401, r#"{"code":20003}"#));
    assert!(texter.check().await.unwrap_err().cause.contains("401"));
    assert!(texter.check().await.unwrap().contains("does not say"));
    assert!(provider.calls()[0].line.starts_with("GET /2010-04-01/Accounts/AC1.json"));
    // A port on which nobody listens any more.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = listener.local_addr().unwrap();
    drop(listener);
    let texter = Texter::from_setting(&format!("twilio://AC1:hush@{gone}?from=+15005550006")).unwrap();
    assert_eq!(texter.send(&text()).await.unwrap_err().kind, TextErrorKind::Temporary);
    assert!(texter.check().await.is_err());
}

#[tokio::test]
async fn texts_are_whole_files_in_a_folder_and_a_repeat_overwrites() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = folder.path().join("outbox");
    let texter = Texter::from_setting(&format!("folder:{}", outbox.display())).unwrap();
    texter.check().await.unwrap();
    texter.send(&text()).await.unwrap();
    texter.send(&text()).await.unwrap();
    let Texter::Folder(way) = &texter else { panic!("{texter}") };
    let files: Vec<_> = std::fs::read_dir(&outbox).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files, [way.file_of("0190d6ab")]);
    let written: serde_json::Value = serde_json::from_slice(&std::fs::read(&files[0]).unwrap()).unwrap();
    let expected = serde_json::json!({ "id": "0190d6ab", "to": "+15005550100", "body": text().body });
    assert_eq!(written, expected);
    assert!(!texter.has_signed("https://portal.example/hooks/twilio", &[], ""));
}

#[tokio::test]
async fn memory_keeps_texts_and_fails_when_told_to() {
    let memory = Memory::default();
    let texter = Texter::Memory(memory.clone());
    memory.fail_next(1, TextError::temporary("busy"));
    assert!(texter.send(&text()).await.is_err());
    texter.send(&text()).await.unwrap();
    assert_eq!(memory.take(), [text()]);
    assert!(memory.sent().is_empty());
}
