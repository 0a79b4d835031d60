//! When a program takes nothing for days, or says that it is gone: it is called no more, and the admins are told (H5).

use std::time::Duration;

use domain::administration::team::{self, InternalInput};
use domain::kernel::access::Role;
use domain::kernel::{error, ids};
use domain::notify::delivery::CALLS_RETRIED_FOR;
use domain::webhooks::webhook;
use outbound::webhooks::CallError;

use crate::webhooks::program::{Program, no, yes};

const HOUR: Duration = Duration::from_secs(3600);

/// Turns the clock to each next try, for at most so long, and says how long each wait was.
async fn tries(program: &Program, webhook: ids::WebhookId, most: Duration) -> Vec<Duration> {
    let until = program.office.now().after(most);
    let mut waits = Vec::new();
    loop {
        program.settle().await;
        let next = program.list(webhook).await.iter().filter_map(|call| call.next_try_at).min();
        let Some(next) = next.filter(|next| *next <= until) else { return waits };
        let wait = next.since(program.office.now());
        program.office.wait(wait - Duration::from_millis(1));
        assert_eq!(program.worker.step().await.unwrap(), 0, "not before its time");
        program.office.wait(Duration::from_millis(1));
        waits.push(wait);
    }
}

#[tokio::test]
async fn h5_a_call_is_tried_for_three_days_with_growing_waits_and_then_the_webhook_is_switched_off() {
    let program = Program::open().await;
    let office = &program.office;
    let (ada, began) = (office.ada, office.now());
    let colleague = InternalInput {
        given_name: "Eve".to_string().into(),
        family_name: "Admin".to_string().into(),
        email: "eve@firm.example".to_string().into(),
        role: Role::Admin.into(),
        is_client_access_limited: false.into(),
        company_access_list: Vec::new().into(),
    };
    let staff = InternalInput {
        email: "tom@firm.example".to_string().into(),
        role: Role::Staff.into(),
        ..colleague.clone()
    };
    office.write(move |tx| team::add_internal(tx, &ada, &colleague)).await;
    office.write(move |tx| team::add_internal(tx, &ada, &staff)).await;
    let webhook = program.make("https://a.example/hooks", &["message.sent"]).await;
    program.calls.answer(|_| Err(CallError("https://a.example cannot be reached".to_string())));
    program.says("Hello").await;
    let waits = tries(&program, webhook, 4 * CALLS_RETRIED_FOR).await;

    let lasted = office.now().since(began);
    assert!(lasted <= CALLS_RETRIED_FOR && lasted > CALLS_RETRIED_FOR - HOUR, "{lasted:?}");
    assert!(waits.windows(2).all(|pair| pair[0] <= pair[1]), "{waits:?}");
    assert_eq!((waits[0], waits[waits.len() - 1]), (Duration::from_secs(5), HOUR));
    let calls = program.calls.take();
    assert_eq!(calls.len(), waits.len() + 1);
    assert!(calls.iter().all(|call| call.id == calls[0].id));

    let state = program.state(webhook).await;
    assert_eq!(state.disabled_at, Some(office.now()));
    assert!(state.disabled_reason.as_deref().unwrap().contains("cannot be reached"), "{state:?}");
    while office.step().await > 0 {}
    let mut mails = office.mails.take();
    mails.sort_by_key(|mail| mail.to.address.clone());
    let told: Vec<&str> = mails.iter().map(|mail| mail.to.address.as_str()).collect();
    assert_eq!(told, ["ada@firm.example", "eve@firm.example"], "admins, and nobody else");
    for mail in &mails {
        assert!(
            mail.text.contains("https://a.example/hooks") && mail.text.contains("/settings/api"),
            "{}",
            mail.text
        );
        assert!(mail.text.contains("3 days") && mail.formatted().is_ok());
    }

    // Nothing more, whatever happens.
    program.says("unheard").await;
    office.wait(10 * HOUR);
    program.settle().await;
    assert!(program.calls.take().is_empty());
    assert_eq!(office.step().await, 0, "told once");
}

#[tokio::test]
async fn h5_one_that_is_switched_on_again_hears_of_what_happens_from_then_on() {
    let program = Program::open().await;
    let webhook = program.make("https://a.example/", &["message.sent"]).await;
    program.calls.answer(|_| no(410));
    program.says("one").await;
    program.settle().await;
    assert_eq!(program.calls.take().len(), 1);
    let state = program.state(webhook).await;
    assert!(state.disabled_at.is_some() && state.disabled_reason.unwrap().contains("410"));
    let call = program.list(webhook).await.remove(0);
    assert!(matches!(program.again(webhook, call.id).await, Err(error::Error::Conflict(_))));

    program.says("unheard").await;
    program.settle().await;
    let ada = program.office.ada;
    program.office.write(move |tx| webhook::enable(tx, &ada, webhook)).await;
    assert_eq!(program.office.step().await, 1, "the note is made, but not sent: it is on again");
    assert!(program.office.mails.take().is_empty());
    program.calls.answer(|_| Ok(yes()));
    program.says("two").await;
    program.settle().await;
    assert_eq!(program.texts(), ["two"]);
    program.again(webhook, call.id).await.unwrap();
    program.settle().await;
    assert_eq!(program.texts(), ["one"]);
}

#[tokio::test]
async fn h5_what_else_waits_for_one_that_is_switched_off_is_given_up() {
    let program = Program::open().await;
    let webhook = program.make("https://a.example/", &["message.sent"]).await;
    program.calls.answer(|_| no(500));
    program.says("one").await;
    program.settle().await;
    program.says("two").await;
    program.calls.answer(|call| if call.body.contains("two") { no(410) } else { no(500) });
    program.settle().await;
    let shown = program.list(webhook).await;
    assert!(shown.iter().all(|call| call.next_try_at.is_none() && call.taken_at.is_none()), "{shown:?}");
    program.calls.take();
    program.office.wait(10 * HOUR);
    program.settle().await;
    assert!(program.calls.take().is_empty());
}

#[tokio::test]
async fn h5_one_that_refuses_a_single_call_and_takes_others_stays_on() {
    let program = Program::open().await;
    let webhook = program.make("https://a.example/", &["message.sent"]).await;
    program.calls.answer(|call| if call.body.contains("poison") { no(500) } else { Ok(yes()) });
    program.says("poison").await;
    program.settle().await;
    program.says("good").await;
    tries(&program, webhook, 2 * CALLS_RETRIED_FOR).await;
    assert_eq!(program.state(webhook).await.disabled_at, None);
    let shown = program.list(webhook).await;
    assert_eq!(shown.len(), 2);
    assert!(shown[1].taken_at.is_none() && shown[1].next_try_at.is_none(), "it is given up");
    assert!(shown[0].taken_at.is_some());
    assert_eq!(program.office.step().await, 0, "nobody is told");
}
