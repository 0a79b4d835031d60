//! When all is over: each message has exactly one state for each of its recipients, and it is the true one (N5, N12).

use domain::choices::Way;
use domain::missed::{self, Reason, State};

use crate::broken::{Broken, broken};
use crate::compared::Sent;
use crate::model::{Copy, Message, Told};
use crate::simulation::Simulation;

pub(crate) fn fates(simulation: &Simulation) -> Result<(), Broken> {
    let ada = simulation.firm.people[0].actor;
    for (channel, id) in simulation.firm.channels.iter().copied().enumerate() {
        let last = simulation.model.last(channel);
        let found = simulation.read(move |reader| missed::fates(reader, &ada, id, 1..=last, None))?;
        let messages = simulation.model.messages.iter().enumerate();
        let mut messages: Vec<(usize, &Message)> =
            messages.filter(|(_, message)| message.channel == channel && !message.deleted).collect();
        messages.sort_by_key(|(_, message)| message.position);
        if found.len() != messages.len() {
            return broken(format!("N12: {} messages of {} have fates", found.len(), messages.len()));
        }
        for ((place, message), found) in messages.into_iter().zip(found) {
            let mut people: Vec<_> = found.fates.iter().map(|fate| fate.person).collect();
            people.sort_unstable();
            let mut expected: Vec<_> =
                message.copies.iter().map(|copy| simulation.firm.people[copy.person].actor.person).collect();
            expected.sort_unstable();
            if found.message != message.id || people != expected {
                return broken(format!("N12: message {place} has other recipients than it was sent to"));
            }
            for copy in &message.copies {
                let person = simulation.firm.people[copy.person].actor.person;
                let state = found.fates.iter().find(|fate| fate.person == person).map(|fate| &fate.state);
                let fits = state.is_some_and(|state| fits(simulation, place, message, copy, state));
                if !fits {
                    let person = copy.person;
                    return broken(format!("N5, N12: message {place} is {state:?} for {person}: {copy:?}"));
                }
            }
        }
    }
    Ok(())
}

/// Whether a state is what the model says of a copy.
fn fits(simulation: &Simulation, place: usize, message: &Message, copy: &Copy, state: &State) -> bool {
    if let Some(at) = copy.seen_at {
        return *state == State::Seen(at);
    }
    let suppressed = match state {
        State::Suppressed(reason) => Some(*reason),
        _ => None,
    };
    match &copy.told {
        Some(Told::Digest(digest)) => {
            let of_digest = || simulation.compared.sent.iter().filter(|sent| sent.digest == *digest);
            let holding = of_digest().filter(|sent| sent.known && sent.holds.contains(&place));
            // What reached them first; of both at once the email.
            let first = holding.min_by_key(|sent| (sent.at, sent.way == Way::Text));
            match (first, state) {
                (Some(Sent { way: Way::Email, at, .. }), State::Emailed(when)) => at == when,
                (Some(Sent { way: Way::Text, at, .. }), State::Texted(when)) => at == when,
                (Some(_), _) => false,
                (None, State::Failed(..)) => of_digest().any(|sent| !sent.known),
                (None, State::Suppressed(reason)) => is_reason(simulation, message, copy, *reason),
                (None, _) => false,
            }
        }
        _ if message.called_off => suppressed.is_some(),
        Some(Told::Suppressed(reason)) => suppressed == Some(*reason),
        None if copy.lost => matches!(suppressed, Some(Reason::LostAccess | Reason::Left)),
        None => suppressed == Some(Reason::Muted) && is_reason(simulation, message, copy, Reason::Muted),
    }
}

/// Whether something happened that explains why a copy was left out of its digest.
fn is_reason(simulation: &Simulation, message: &Message, copy: &Copy, reason: Reason) -> bool {
    match reason {
        Reason::LostAccess | Reason::Left => copy.lost,
        Reason::Muted => simulation.ever_muted.contains(&(message.channel, copy.person)),
        Reason::Choice => simulation.ever_refused.contains(&copy.person),
        Reason::CalledOff => message.called_off,
        Reason::NotInvited | Reason::NoAddress | Reason::Earlier => false,
    }
}
