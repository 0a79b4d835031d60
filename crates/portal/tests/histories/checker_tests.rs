//! The checker on made-up histories: what is right passes, and each thing that can go wrong is found.

use uuid::Uuid;

use crate::checker::violations;
use crate::history::{Action, Heard, History, Listening, Moment, NEVER, Operation, Outcome, Shown};

fn message(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn shown(number: u128, text: &str) -> Shown {
    Shown { message: message(number), text: Some(text.to_string()), is_seen: false }
}

fn deleted(number: u128) -> Shown {
    Shown { message: message(number), text: None, is_seen: false }
}

fn done(begun: Moment, ended: Moment, action: Action, shown: Vec<Shown>) -> Operation {
    Operation { begun, ended, action, outcome: Outcome::Done(shown) }
}

fn send(begun: Moment, number: u128, text: &str) -> Operation {
    let action = Action::Send { message: message(number), text: text.to_string() };
    done(begun, begun + 5, action, vec![shown(number, text)])
}

fn edit(begun: Moment, number: u128, text: &str) -> Operation {
    let action = Action::Edit { message: message(number), text: text.to_string() };
    done(begun, begun + 5, action, vec![shown(number, text)])
}

fn delete(begun: Moment, number: u128) -> Operation {
    done(begun, begun + 5, Action::Delete { message: message(number) }, vec![deleted(number)])
}

fn look(begun: Moment, seen: Shown) -> Operation {
    done(begun, begun + 5, Action::Look { message: seen.message }, vec![seen])
}

fn read(begun: Moment, number: u128) -> Operation {
    done(begun, begun + 5, Action::Read { message: message(number) }, Vec::new())
}

fn list(begun: Moment, is_whole: bool, shown: &[Shown]) -> Operation {
    done(begun, begun + 5, Action::List { is_whole }, shown.to_vec())
}

fn lost(operation: Operation) -> Operation {
    Operation { ended: NEVER, outcome: Outcome::Unknown, ..operation }
}

fn heard(seq: i64, name: &str, shown: &Shown) -> Heard {
    Heard { seq, name: name.to_string(), message: shown.message, text: shown.text.clone() }
}

/// Three messages; the second is edited, the third deleted, the first read.
fn good() -> History {
    let end = vec![Shown { is_seen: true, ..shown(1, "one") }, shown(2, "two again"), deleted(3)];
    History {
        operations: vec![
            send(10, 1, "one"),
            send(20, 2, "two"),
            edit(30, 2, "two again"),
            send(40, 3, "three"),
            look(41, shown(2, "two again")),
            delete(50, 3),
            read(60, 1),
            list(70, true, &[deleted(3), shown(2, "two again"), shown(1, "one")]),
            list(80, false, &[deleted(3), shown(2, "two again")]),
        ],
        streams: vec![Listening {
            open: 15,
            heard: vec![
                heard(4, "message.sent", &shown(2, "two")),
                heard(6, "message.updated", &shown(2, "two again")),
                heard(7, "message.sent", &shown(3, "three")),
                heard(8, "message.deleted", &deleted(3)),
            ],
        }],
        end,
    }
}

/// Changes the good history and expects one sentence among the violations.
fn finds(change: impl FnOnce(&mut History), sentence: &str) {
    let mut history = good();
    change(&mut history);
    let found = violations(&history);
    assert!(found.iter().any(|found| found.contains(sentence)), "{sentence:?} is not in {found:?}");
}

#[test]
fn a_good_history_breaks_nothing() {
    assert_eq!(violations(&good()), Vec::<String>::new());
}

#[test]
fn what_overlaps_may_have_happened_in_either_order() {
    let mut history = good();
    // An edit and a look that overlap, and a send without an answer that was kept all the same.
    history.operations.push(lost(edit(90, 2, "never")));
    history.operations.push(look(92, shown(2, "two again")));
    history.operations.push(lost(send(100, 4, "four")));
    history.end.push(shown(4, "four"));
    history.streams[0].heard.push(heard(9, "message.sent", &shown(4, "four")));
    assert_eq!(violations(&history), Vec::<String>::new());
    // It may as well not have been kept.
    history.end.pop();
    history.streams[0].heard.pop();
    assert_eq!(violations(&history), Vec::<String>::new());
}

#[test]
fn m2_a_doubled_message_is_found() {
    finds(|history| history.end.push(shown(1, "one")), "there twice");
    finds(|history| history.end.push(shown(9, "nine")), "never sent");
}

#[test]
fn m3_a_lost_message_is_found() {
    finds(|history| drop(history.end.remove(0)), "was answered and is lost");
    finds(
        |history| {
            history.operations[3] = lost(send(40, 3, "three"));
            history.end.pop();
        },
        "was shown and is lost",
    );
}

#[test]
fn m4_another_order_is_found() {
    finds(|history| history.end.swap(0, 1), "stands behind");
}

#[test]
fn m4_a_list_with_a_gap_is_found() {
    let first_and_last = [deleted(3), shown(1, "one")];
    finds(|history| history.operations.push(list(90, false, &first_and_last)), "a list has a gap");
    finds(|history| history.operations.push(list(90, true, &first_and_last[..1])), "a whole list");
    finds(|history| history.operations.push(list(90, false, &[])), "a later list is without it");
    let early = list(1, false, &[shown(1, "one")]);
    finds(|history| history.operations.push(early), "before it was sent");
}

#[test]
fn m5_an_old_text_is_found() {
    finds(|history| history.operations.push(look(90, shown(2, "two"))), "had been replaced");
    finds(|history| history.operations.push(look(90, shown(2, "else"))), "nobody wrote");
    finds(|history| history.operations.push(look(10, shown(2, "two again"))), "before it was written");
    finds(|history| history.operations.push(look(90, shown(3, "three"))), "had been replaced");
    finds(|history| history.operations.push(edit(90, 3, "more")), "edited after it was deleted");
    finds(|history| history.end[1] = shown(2, "two"), "had been replaced");
}

#[test]
fn m5_a_text_that_comes_back_is_found() {
    // The edit has no answer, but somebody saw it.
    let change = |history: &mut History| {
        history.operations.push(lost(edit(90, 2, "third")));
        history.operations.push(look(95, shown(2, "third")));
        history.operations.push(look(105, shown(2, "two again")));
    };
    finds(change, "an older text came back");
}

#[test]
fn m8_a_read_position_that_is_lost_is_found() {
    finds(|history| history.end[0].is_seen = false, "read is false");
    finds(|history| history.end[1].is_seen = true, "read is true");
}

#[test]
fn a_wrong_refusal_is_found() {
    let refused = |operation: Operation, status| Operation { outcome: Outcome::Refused(status), ..operation };
    finds(|history| history.operations.push(refused(look(90, shown(1, "one")), 404)), "was answered 404");
    finds(|history| history.operations.push(refused(edit(90, 1, "more"), 409)), "was answered 409");
    finds(|history| history.operations.push(refused(send(90, 1, "one"), 409)), "was answered 409");
    finds(|history| history.operations.push(refused(edit(90, 3, "more"), 500)), "was answered 500");
    let mut history = good();
    history.operations.push(refused(edit(90, 3, "more"), 409));
    history.operations.push(refused(look(1, shown(1, "one")), 404));
    assert_eq!(violations(&history), Vec::<String>::new());
}

#[test]
fn m4_a_stream_that_misses_something_is_found() {
    finds(|history| drop(history.streams[0].heard.remove(2)), "does not bring the newest");
    finds(|history| drop(history.streams[0].heard.remove(0)), "which is without it");
    finds(|history| drop(history.streams[0].heard.remove(3)), "ends with another text");
    finds(|history| history.streams[0].heard.swap(0, 2), "goes back");
    finds(
        |history| {
            history.streams[0].open = 5;
            history.streams[0].heard.insert(0, heard(1, "message.sent", &shown(1, "one")));
            history.streams[0].heard.remove(1);
        },
        "a stream has a gap",
    );
}
