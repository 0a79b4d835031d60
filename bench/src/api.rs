//! The API: `/v1/messages` compared with the empty route.

use domain::kernel::ids::ChannelId;

use crate::client::api_call;
use crate::error::Result;
use crate::fixtures::Office;
use crate::load::{empty, rates, same};
use crate::report::Figure;

/// Messages of a page.
const PAGE: usize = 50;

/// Sends messages to `busy`, and reads pages of `short`.
pub(crate) async fn figures(
    address: &str,
    office: &Office,
    busy: ChannelId,
    short: ChannelId,
) -> Result<Vec<Figure>> {
    eprintln!("a program sends and lists messages …");
    let key = &office.keys[0];
    let body =
        format!("{{\"channelId\":\"{busy}\",\"text\":\"Could you send me the deed of the flat, please?\"}}");
    let send = same(api_call(address, "POST", "/v1/messages", key, &body));
    let list =
        same(api_call(address, "GET", &format!("/v1/messages?channelId={short}&limit={PAGE}"), key, ""));
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
            what: "`GET /v1/messages`, pages of 50 with delivery status (64 connections)",
            measured: format!("{listed:.0}/s"),
            beside: beside(),
            wanted: "",
            reached: true,
        },
    ])
}
