//! Where a display says that its neighbors reach it: as configured, or else the address from which it
//! reaches the controller, which need not be the one of yesterday.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::{UdpSocket, lookup_host};

/// The address to tell, with the port that is listened at. `None` where there is no way to the
/// controller now.
pub async fn told(configured: Option<&str>, bound: SocketAddr, controller: &str) -> Option<String> {
    if let Some(configured) = configured {
        return Some(configured.to_owned());
    }
    let own = if bound.ip().is_unspecified() { way_to(controller).await? } else { bound.ip() };
    Some(SocketAddr::new(own, bound.port()).to_string())
}

/// The own address on the way to somebody. A datagram socket that is connected sends nothing.
async fn way_to(controller: &str) -> Option<IpAddr> {
    for to in lookup_host(controller).await.ok()? {
        let any: IpAddr =
            if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let Ok(socket) = UdpSocket::bind((any, 0)).await else { continue };
        if socket.connect(to).await.is_ok()
            && let Ok(own) = socket.local_addr()
        {
            return Some(own.ip());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_what_is_configured_or_bound_or_on_the_way_to_the_controller() {
        let bound = |text: &str| text.parse::<SocketAddr>().unwrap();
        let rows = [
            (Some("display.example:7443"), "0.0.0.0:1", "127.0.0.1:9", Some("display.example:7443")),
            (None, "192.0.2.7:7443", "127.0.0.1:9", Some("192.0.2.7:7443")),
            (None, "[2001:db8::7]:7443", "127.0.0.1:9", Some("[2001:db8::7]:7443")),
            (None, "0.0.0.0:7443", "127.0.0.1:9", Some("127.0.0.1:7443")),
            (None, "0.0.0.0:7443", "nowhere.invalid:9", None),
        ];
        for (configured, listen, controller, expected) in rows {
            let told = told(configured, bound(listen), controller).await;
            assert_eq!(told.as_deref(), expected, "{configured:?} {listen} {controller}");
            assert!(told.is_none_or(|told| migrado_protocol::neighbor::is_address(&told)));
        }
    }
}
