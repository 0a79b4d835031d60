//! At the end of a run: each message has exactly one state for each of its recipients, and the right one (N5, N12).

use domain::kernel::medium::Medium;
use domain::messages::unread_backlog::Reason;
use domain::notify::delivery_status;
use domain::notify::digest_part::DeliveryState;

use crate::broken::{Broken, broken};
use crate::compared::Sent;
use crate::model::{Decision, Message, Recipient};
use crate::simulation::Simulation;

pub(crate) fn delivery_status(simulation: &Simulation) -> Result<(), Broken> {
    let ada = simulation.firm.people[0].actor;
    for (channel, id) in simulation.firm.channels.iter().copied().enumerate() {
        let last = simulation.model.last(channel);
        let found =
            simulation.read(move |reader| delivery_status::of_messages(reader, &ada, id, 1..=last, None))?;
        let messages = simulation.model.messages.iter().enumerate();
        let mut messages: Vec<(usize, &Message)> =
            messages.filter(|(_, message)| message.channel == channel && !message.deleted).collect();
        messages.sort_by_key(|(_, message)| message.position);
        if found.len() != messages.len() {
            return broken(format!("N12: {} messages of {} have fates", found.len(), messages.len()));
        }
        for ((index, message), found) in messages.into_iter().zip(found) {
            let mut people: Vec<_> = found.recipients.iter().map(|fate| fate.person).collect();
            people.sort_unstable();
            let mut expected: Vec<_> = message
                .recipients
                .iter()
                .map(|recipient| simulation.firm.people[recipient.person].actor.person)
                .collect();
            expected.sort_unstable();
            if found.message != message.id || people != expected {
                return broken(format!("N12: message {index} has other recipients than it was sent to"));
            }
            for recipient in &message.recipients {
                let person = simulation.firm.people[recipient.person].actor.person;
                let state =
                    found.recipients.iter().find(|fate| fate.person == person).map(|fate| &fate.state);
                let fits = state.is_some_and(|state| fits(simulation, index, message, recipient, state));
                if !fits {
                    let person = recipient.person;
                    return broken(format!(
                        "N5, N12: message {index} is {state:?} for {person}: {recipient:?}"
                    ));
                }
            }
        }
    }
    Ok(())
}

/// Whether a state agrees with the model.
fn fits(
    simulation: &Simulation,
    index: usize,
    message: &Message,
    recipient: &Recipient,
    state: &DeliveryState,
) -> bool {
    if let Some(at) = recipient.seen_at {
        return *state == DeliveryState::Seen(at);
    }
    let suppressed = match state {
        DeliveryState::Suppressed(reason) => Some(*reason),
        _ => None,
    };
    match &recipient.decision {
        Some(Decision::Digest(digest)) => {
            let of_digest = || simulation.compared.sent.iter().filter(|sent| sent.digest == *digest);
            let complete = of_digest().filter(|sent| sent.confirmed && sent.messages.contains(&index));
            // What reached them first counts; if both did at once, the email.
            let first = complete.min_by_key(|sent| (sent.at, sent.medium == Medium::Text));
            match (first, state) {
                (Some(Sent { medium: Medium::Email, at, .. }), DeliveryState::Emailed(when)) => at == when,
                (Some(Sent { medium: Medium::Text, at, .. }), DeliveryState::Texted(when)) => at == when,
                (Some(_), _) => false,
                (None, DeliveryState::Failed(..)) => of_digest().any(|sent| !sent.confirmed),
                (None, DeliveryState::Suppressed(reason)) => {
                    is_reason(simulation, message, recipient, *reason)
                }
                (None, _) => false,
            }
        }
        _ if message.called_off => suppressed.is_some(),
        Some(Decision::Suppressed(reason)) => suppressed == Some(*reason),
        None if recipient.removed => matches!(suppressed, Some(Reason::LostAccess | Reason::Left)),
        None => suppressed == Some(Reason::Muted) && is_reason(simulation, message, recipient, Reason::Muted),
    }
}

/// Whether something happened that explains why a recipient was left out of a digest.
fn is_reason(simulation: &Simulation, message: &Message, recipient: &Recipient, reason: Reason) -> bool {
    match reason {
        Reason::LostAccess | Reason::Left => recipient.removed,
        Reason::Muted => simulation.ever_muted.contains(&(message.channel, recipient.person)),
        Reason::Choice => simulation.ever_opted_out.contains(&recipient.person),
        Reason::CalledOff => message.called_off,
        Reason::NotInvited | Reason::NoAddress | Reason::Earlier => false,
    }
}
