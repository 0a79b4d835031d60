//! Which network addresses a webhook may reach: only those of the internet. Services on this machine and around it (loopback,
//! private, link-local and carrier networks, cloud metadata) often trust everyone who can reach them, and would then trust
//! everyone who can type an address.
//!
//! A name may point elsewhere a moment later, so it is looked up once for each call, and the connection goes to exactly the
//! address that was checked.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Maximum characters of an address, more than servers accept.
pub const URL_CHARACTERS: usize = 2_000;

/// Why an address cannot be a webhook's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It is not http or https with a host, or has a user name, a password or a part behind `#`.
    #[error("this is no address that a webhook can have")]
    None,
    /// It leads to a network that only this machine sees.
    #[error("this address does not lead to the internet")]
    Private,
}

/// How far webhooks may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The internet.
    Internet,
    /// Also this machine and the networks around it: for trials, and for programs that run beside the portal.
    Anywhere,
}

impl Reach {
    /// Whether a network address may be connected to.
    pub fn permits(self, address: IpAddr) -> bool {
        self == Reach::Anywhere || is_public(address)
    }
}

/// Parses and checks the address of a webhook, without looking up its name.
pub(super) fn check(url: &str, reach: Reach) -> Result<Url, UrlError> {
    let is_plain = !url.chars().any(|character| character.is_control() || character.is_whitespace());
    if url.chars().count() > URL_CHARACTERS || !is_plain {
        return Err(UrlError::None);
    }
    let url = Url::parse(url).map_err(|_| UrlError::None)?;
    let has_more = !url.username().is_empty() || url.password().is_some() || url.fragment().is_some();
    if !matches!(url.scheme(), "http" | "https") || has_more || url.port() == Some(0) {
        return Err(UrlError::None);
    }
    let is_permitted = match url.host() {
        None => return Err(UrlError::None),
        Some(Host::Ipv4(address)) => reach.permits(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => reach.permits(IpAddr::V6(address)),
        Some(Host::Domain(name)) if !is_name(name) => return Err(UrlError::None),
        Some(Host::Domain(name)) => reach == Reach::Anywhere || !is_local_name(name),
    };
    if is_permitted { Ok(url) } else { Err(UrlError::Private) }
}

/// Whether this is a valid host name (RFC 1123, 2.1; `_` is in use).
fn is_name(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(letter)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.strip_suffix('.').unwrap_or(name).split('.').all(label)
}

/// Names that are reserved for local networks (RFC 6761, 6762, 8375; `.internal`).
fn is_local_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let of = |domain: &str| name == domain || name.ends_with(&format!(".{domain}"));
    ["localhost", "local", "internal", "home.arpa"].into_iter().any(of) || !name.contains('.')
}

/// Whether a network address is one of the internet, by IANA's registries of special-purpose addresses.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Networks of IPv4 that are not the internet's: first address and length of the prefix.
const NOT_PUBLIC_V4: [([u8; 4], u32); 16] = [
    ([0, 0, 0, 0], 8),        // "this network"
    ([10, 0, 0, 0], 8),       // private (RFC 1918)
    ([100, 64, 0, 0], 10),    // carriers' own (RFC 6598)
    ([127, 0, 0, 0], 8),      // this machine
    ([168, 63, 129, 16], 32), // public by its number, but the host's own service on Azure
    ([169, 254, 0, 0], 16),   // link-local, and most clouds' metadata
    ([172, 16, 0, 0], 12),    // private
    ([192, 0, 0, 0], 24),     // protocol assignments, and Oracle's metadata
    ([192, 0, 2, 0], 24),     // documentation
    ([192, 88, 99, 0], 24),   // 6to4 relays, given up
    ([192, 168, 0, 0], 16),   // private
    ([198, 18, 0, 0], 15),    // measurements
    ([198, 51, 100, 0], 24),  // documentation
    ([203, 0, 113, 0], 24),   // documentation
    ([224, 0, 0, 0], 4),      // multicast
    ([240, 0, 0, 0], 4),      // reserved, and broadcast
];

fn is_public_v4(address: Ipv4Addr) -> bool {
    let bits = address.to_bits();
    !NOT_PUBLIC_V4.iter().any(|(first, length)| {
        let first = Ipv4Addr::from(*first).to_bits();
        (bits ^ first).leading_zeros() >= *length
    })
}

/// Of IPv6 only 2000::/3 has been given out to the internet: what is mapped (::ffff:0:0/96), link-local, unique-local,
/// multicast or loopback is outside of it.
const NOT_PUBLIC_V6: [(u128, u32); 4] = [
    (0x2001_0000 << 96, 23), // protocol assignments, Teredo among them
    (0x2001_0db8 << 96, 32), // documentation
    (0x2002_0000 << 96, 16), // 6to4: whatever IPv4 network stands in it
    (0x3fff_0000 << 96, 20), // documentation
];

fn is_public_v6(address: Ipv6Addr) -> bool {
    let bits = address.to_bits();
    // 64:ff9b::/96 is how a network without IPv4 names an IPv4 address (RFC 6052): judged by that.
    if bits >> 32 == 0x0064_ff9b << 64 {
        return is_public_v4(Ipv4Addr::from_bits(bits as u32));
    }
    bits >> 125 == 1 && !NOT_PUBLIC_V6.iter().any(|(first, length)| (bits ^ first).leading_zeros() >= *length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn public(address: &str) -> bool {
        is_public(address.parse().expect(address))
    }

    #[test]
    fn h4_what_is_not_the_internet_is_not_reached() {
        for inside in [
            "127.0.0.1",
            "127.255.255.254",
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.100.100.200",
            "100.127.255.255",
            "168.63.129.16",
            "169.254.169.254",
            "169.254.170.2",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:8.8.8.8",
            "::127.0.0.1",
            "::8.8.8.8",
            "64:ff9b::7f00:1",
            "64:ff9b::a00:1",
            "64:ff9b:1::808:808",
            "100::1",
            "2001::1",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "2001:1ff::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "2002:808:808::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fd12:3456::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "ff0e::1",
            "4000::1",
        ] {
            assert!(!public(inside), "{inside}");
        }
    }

    #[test]
    fn h4_the_internet_is_reached() {
        for outside in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "168.63.129.15",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2606:4700:4700::1111",
            "2a00:1450:4001:829::200e",
            "3ffe::1",
            "64:ff9b::808:808",
        ] {
            assert!(public(outside), "{outside}");
        }
    }

    fn checked(url: &str) -> Result<String, UrlError> {
        check(url, Reach::Internet).map(|url| url.to_string())
    }

    #[test]
    fn h4_however_an_address_is_written_it_is_seen_where_it_leads() {
        for inside in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f.0.0.1/",
            "http://0177.0.0.1/",
            "http://0x7f000001/",
            "http://127。0。0。1/",
            "http://１２７.0.0.1/",
            "https://[::1]:8443/x",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:7f00:1]/",
            "http://localhost/",
            "http://LOCALHOST./",
            "http://a.localhost/",
            "http://metadata.google.internal/",
            "http://printer.local/",
            "http://intranet/",
            "http://router.home.arpa/",
            "http://169.254.169.254/latest/meta-data/",
            "http://0/",
            "http://%6c%6f%63%61%6c%68%6f%73%74/",
        ] {
            assert_eq!(checked(inside), Err(UrlError::Private), "{inside}");
            assert!(check(inside, Reach::Anywhere).is_ok(), "{inside}");
        }
    }

    #[test]
    fn h4_what_is_no_address_is_refused() {
        for none in [
            "",
            "example.com",
            "//example.com/",
            "ftp://example.com/",
            "file:///etc/passwd",
            "gopher://example.com/",
            "javascript:1",
            "http://",
            "http:///",
            "https://user@example.com/",
            "https://user:pass@example.com/",
            "https://example.com/#x",
            "https://example.com:0/",
            "https://example.com:65536/",
            "https://exa mple.com/",
            "https://example.com/\r\nx: y",
            " https://example.com/",
            "https://example.com/\u{0}",
            "http://[::1/",
            "http://256.1.1.1/",
            "http://1.2.3.4.5/",
            "https://hooks.example*/",
            "https://-hooks.example/",
            "https://hooks..example/",
        ] {
            assert_eq!(checked(none), Err(UrlError::None), "{none:?}");
            assert_eq!(check(none, Reach::Anywhere), Err(UrlError::None), "{none:?}");
        }
        assert_eq!(
            checked(&format!("https://example.com/{}", "a".repeat(URL_CHARACTERS))),
            Err(UrlError::None)
        );
        for (good, written) in [
            ("https://example.com", "https://example.com/"),
            ("http://example.com:8080/hooks?a=b&c=%20", "http://example.com:8080/hooks?a=b&c=%20"),
            ("https://EXÄMPLE.de/ü", "https://xn--exmple-cua.de/%C3%BC"),
            ("https://8.8.8.8/", "https://8.8.8.8/"),
        ] {
            assert_eq!(checked(good).as_deref(), Ok(written));
        }
    }

    proptest! {
        /// The ways in which one IPv4 address is written inside an IPv6 one never lead further than itself.
        #[test]
        fn h4_no_ipv6_address_leads_into_a_network_that_ipv4_would_not(bits: u32) {
            let address = Ipv4Addr::from_bits(bits);
            let wide = u128::from(bits);
            prop_assert!(!is_public_v6(address.to_ipv6_mapped()));
            prop_assert!(!is_public_v6(Ipv6Addr::from_bits(wide)));
            prop_assert!(!is_public_v6(Ipv6Addr::from_bits((0x2002 << 112) | (wide << 80))));
            prop_assert_eq!(is_public_v6(Ipv6Addr::from_bits((0x0064_ff9b << 96) | wide)), is_public_v4(address));
        }

        #[test]
        fn h4_the_standard_library_finds_nothing_public_that_it_knows_as_private(bits: u32) {
            let address = Ipv4Addr::from_bits(bits);
            let is_special = address.is_loopback() || address.is_private() || address.is_link_local() || address.is_multicast()
                || address.is_broadcast() || address.is_documentation() || address.is_unspecified();
            prop_assert!(!(is_special && is_public_v4(address)));
        }
    }
}
