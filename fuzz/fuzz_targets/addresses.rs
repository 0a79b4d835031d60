//! Addresses of webhooks (S7): whatever is written, what is taken does not lead to this machine or a network around it.

#![no_main]

use std::net::IpAddr;

use libfuzzer_sys::fuzz_target;
use outbound::webhooks::{Caller, Reach};
use url::{Host, Url};

fuzz_target!(|text: &str| {
    let caller = Caller::new(Reach::Internet);
    if caller.check(text).is_err() {
        return;
    }
    let url: Url = text.parse().expect("what was taken is an address");
    let address: IpAddr = match url.host().expect("it has a host") {
        Host::Domain(name) => {
            assert!(name.contains('.') && !name.ends_with("localhost"), "{text:?} leads to {name}");
            return;
        }
        Host::Ipv4(address) => address.into(),
        Host::Ipv6(address) => address.to_canonical(),
    };
    let is_near = match address {
        IpAddr::V4(v4) => v4.is_private() || v4.is_link_local() || v4.is_broadcast(),
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    };
    let is_here = address.is_loopback() || address.is_unspecified() || address.is_multicast();
    assert!(!is_near && !is_here, "{text:?} leads to {address}");
});
