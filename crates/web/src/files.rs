//! Files: the addresses under which they are looked at, got and changed. Every one asks anew who may see the channel (F2).

pub(crate) mod attached;
pub(crate) mod serving;

use crate::routes::Routes;

pub(crate) fn routes(routes: Routes) -> Routes {
    serving::routes(routes)
}
