//! The firm of the demonstration: a small law office, its clients and what it does for them.

pub(super) const BRAND: &str = "Harbor & Lee";

/// The firm's colors: a harbor at dusk, and a lamp.
pub(super) const ACCENT: &str = "#a8442a";
pub(super) const SIDE: &str = "#17303f";

/// An internal user.
pub(super) struct Colleague {
    pub(super) given_name: &'static str,
    pub(super) family_name: &'static str,
    pub(super) email: &'static str,
    /// The companies of somebody with limited access; `None` for full access.
    pub(super) limited_to: Option<&'static [&'static str]>,
}

/// A client user.
pub(super) struct Client {
    pub(super) given_name: &'static str,
    pub(super) family_name: &'static str,
    pub(super) email: &'static str,
    /// Their company; empty for none.
    pub(super) company: &'static str,
    /// Whether they have signed in; otherwise they are only invited.
    pub(super) has_come: bool,
}

/// A project with the given names of its people.
pub(super) struct Project {
    pub(super) title: &'static str,
    pub(super) company: &'static str,
    pub(super) clients: &'static [&'static str],
    pub(super) colleagues: &'static [&'static str],
}

/// The people as whom a visitor can sign in: the kind of person and their address.
pub(super) const VISITED: [(&str, &str); 4] = [
    ("admin", ADMIN.email),
    ("staff", "tom@harborlee.example"),
    ("limited", "priya@harborlee.example"),
    ("client", "maya@northwind.example"),
];

pub(super) const ADMIN: Colleague =
    Colleague { given_name: "Jane", family_name: "Lee", email: "jane@harborlee.example", limited_to: None };

pub(super) const STAFF: [Colleague; 2] = [
    Colleague { given_name: "Tom", family_name: "Harbor", email: "tom@harborlee.example", limited_to: None },
    Colleague {
        given_name: "Priya",
        family_name: "Nair",
        email: "priya@harborlee.example",
        limited_to: Some(&["Northwind Bakery", "Brightwater Clinic"]),
    },
];

pub(super) const COMPANIES: [&str; 4] =
    ["Northwind Bakery", "Calder Shipping", "Brightwater Clinic", "Fern & Fable Books"];

pub(super) const CLIENTS: [Client; 8] = [
    client("Maya", "Okafor", "maya@northwind.example", "Northwind Bakery"),
    client("Luis", "Ortega", "luis@northwind.example", "Northwind Bakery"),
    client("Ingrid", "Calder", "ingrid@calder.example", "Calder Shipping"),
    client("Samir", "Haddad", "samir@calder.example", "Calder Shipping"),
    client("Helen", "Park", "helen@brightwater.example", "Brightwater Clinic"),
    Client { has_come: false, ..client("Noah", "Stein", "noah@brightwater.example", "Brightwater Clinic") },
    client("Alice", "Fern", "alice@fernandfable.example", "Fern & Fable Books"),
    client("Walter", "Brandt", "walter.brandt@mailbox.example", ""),
];

const fn client(
    given_name: &'static str,
    family_name: &'static str,
    email: &'static str,
    company: &'static str,
) -> Client {
    Client { given_name, family_name, email, company, has_come: true }
}

pub(super) const PROJECTS: [Project; 3] = [
    Project {
        title: "Lease at 12 Mill Street",
        company: "Northwind Bakery",
        clients: &["Maya", "Luis"],
        colleagues: &["Tom", "Priya"],
    },
    Project {
        title: "Purchase of MV Astrid",
        company: "Calder Shipping",
        clients: &["Ingrid", "Samir"],
        colleagues: &["Jane", "Tom"],
    },
    Project {
        title: "Patient data review",
        company: "Brightwater Clinic",
        clients: &["Helen", "Noah"],
        colleagues: &["Jane", "Priya"],
    },
];
