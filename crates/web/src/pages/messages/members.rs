//! The members of a channel as its page shows them: who will read, who has seen what, who was added.

use domain::channels::members::Member;
use domain::kernel::access::{Actor, Role};
use domain::kernel::ids::PersonId;
use jiff::tz::TimeZone;
use store::Time;

use crate::http::avatars::Avatar;
use crate::http::times::{self, Shown};
use crate::http::visitor::Visitor;

/// Names written out in one line; the rest become a number.
const NAMED: usize = 4;

/// A member as the details show them.
#[derive(Clone, Debug)]
pub(crate) struct MemberShown {
    pub(crate) id: PersonId,
    pub(crate) name: String,
    pub(crate) face: Avatar,
    /// Their role, in words for this viewer.
    pub(crate) role: String,
    pub(crate) is_me: bool,
    pub(crate) has_left: bool,
    pub(crate) read_position: i64,
    /// When they last read something in this channel.
    pub(crate) read_at: Option<Shown>,
}

/// The members that the visitor may see. Only internal users see those who left by choice.
pub(crate) fn shown(visitor: &Visitor, members: &[Member], now: Time, zone: &TimeZone) -> Vec<MemberShown> {
    let is_internal = visitor.actor.role.is_internal();
    let role = |member: &Member| match (member.role, is_internal) {
        (Role::Client, true) => "Client user".to_string(),
        (Role::Client, false) => String::new(),
        (_, true) => "Internal user".to_string(),
        (_, false) => visitor.workspace.brand_name.clone(),
    };
    members
        .iter()
        .filter(|member| is_internal || member.left_at.is_none())
        .map(|member| MemberShown {
            id: member.person,
            name: member.name.full(),
            face: Avatar::of_person(member.person.0, &member.name),
            role: role(member),
            is_me: member.person == visitor.actor.person,
            has_left: member.left_at.is_some(),
            read_position: seen_up_to(member),
            read_at: member.read_at.map(|at| times::shown(at, now, zone)),
        })
        .collect()
}

/// Who will read what is written here: everybody but the writer (C7).
pub(crate) fn readers(actor: &Actor, members: &[Member]) -> String {
    names(members.iter().filter(|member| others(actor, member)).map(|member| member.name.full()))
}

/// Who was added since the writer's own last message (C7).
pub(crate) fn added(actor: &Actor, members: &[Member]) -> Option<String> {
    let spoke_at = members.iter().find(|member| member.person == actor.person)?.spoke_at?;
    let new = members.iter().filter(|member| others(actor, member) && member.joined_at > spoke_at);
    let names = names(new.map(|member| member.name.full()));
    (!names.is_empty()).then_some(names)
}

/// The newest message that a member has had on screen. Messages from before they joined count as read, not as seen.
pub(crate) fn seen_up_to(member: &Member) -> i64 {
    if member.read_at.is_some() { member.read_position } else { 0 }
}

/// Whether a member is somebody else who reads this channel.
pub(crate) fn others(actor: &Actor, member: &Member) -> bool {
    member.person != actor.person && member.left_at.is_none()
}

/// "A, B and C"; beyond a few, "A, B, C and 4 others".
pub(crate) fn names(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.collect();
    match names.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [most @ .., last] if names.len() <= NAMED => format!("{} and {last}", most.join(", ")),
        _ => format!("{} and {} others", names[..NAMED - 1].join(", "), names.len() + 1 - NAMED),
    }
}

#[cfg(test)]
mod tests {
    use crate::pages::messages::members;

    #[test]
    fn many_names_become_a_number() {
        let line = |count: usize| {
            members::names(["Ann", "Bo", "Cy", "Di", "Ed", "Flo"].into_iter().take(count).map(String::from))
        };
        assert_eq!(line(0), "");
        assert_eq!(line(1), "Ann");
        assert_eq!(line(2), "Ann and Bo");
        assert_eq!(line(4), "Ann, Bo, Cy and Di");
        assert_eq!(line(6), "Ann, Bo, Cy and 3 others");
    }
}
