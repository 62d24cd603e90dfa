//! Free ports on loopback. Several tests ask at once, so a port is given only once per process, and
//! none that the kernel gives to connections going out: such a one may be taken again before the
//! program that it was meant for listens.

use std::collections::HashSet;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Mutex;

/// Below what Linux gives to outgoing connections (from 32768), above what services use.
const FIRST: u16 = 10_240;
/// How many there are from there on.
const COUNT: u16 = 21_760;

static GIVEN: Mutex<Option<HashSet<u16>>> = Mutex::new(None);

/// A port that nobody listens on, and that this process has not given before.
pub fn free() -> u16 {
    let mut given = GIVEN.lock().unwrap();
    let given = given.get_or_insert_default();
    loop {
        // The low bits of such an id are random; another test process begins elsewhere.
        let dice = uuid::Uuid::now_v7().as_u128() % u128::from(COUNT);
        let port = FIRST + u16::try_from(dice).unwrap();
        if can_listen(port) && given.insert(port) {
            return port;
        }
    }
}

/// Whether somebody listens there.
pub fn is_open(port: u16) -> bool {
    std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// Whether this port can be had on loopback.
pub fn can_listen(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
