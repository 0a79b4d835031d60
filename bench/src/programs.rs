//! What programs are answered: `/v1/messages` beside the empty route.

use domain::ids::ChannelId;

use crate::client::call;
use crate::error::Result;
use crate::furniture::Office;
use crate::load::{empty, rates, same};
use crate::report::Figure;

/// Messages in a page that is asked for.
const PAGE: usize = 50;

/// Messages that a program sends to `busy`, and pages of `short` that it reads.
pub(crate) async fn figures(
    address: &str,
    office: &Office,
    busy: ChannelId,
    short: ChannelId,
) -> Result<Vec<Figure>> {
    eprintln!("a program sends and lists messages …");
    let key = &office.key;
    let body =
        format!("{{\"channelId\":\"{busy}\",\"text\":\"Could you send me the deed of the flat, please?\"}}");
    let send = same(call(address, "POST", "/v1/messages", key, &body));
    let list = same(call(address, "GET", &format!("/v1/messages?channelId={short}&limit={PAGE}"), key, ""));
    let [empty, sent, listed] = rates(address, [empty(address, office), send, list]).await?;
    let beside = || format!("{empty:.0}/s on an empty JSON route");
    Ok(vec![
        Figure {
            what: "`POST /v1/messages`, each on disk before its answer (64 connections)",
            measured: format!("{sent:.0}/s"),
            beside: beside(),
            wanted: "",
            reached: true,
        },
        Figure {
            what: "`GET /v1/messages`, pages of 50 with what became of each (64 connections)",
            measured: format!("{listed:.0}/s"),
            beside: beside(),
            wanted: "",
            reached: true,
        },
    ])
}
