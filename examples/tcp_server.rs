//! A server that sends each line back, to any number of clients at once.
//!
//!     cargo run --example tcp_server --features os-poll,net -- 127.0.0.1:4000
//!     nc 127.0.0.1 4000
//!
//! The address may be left out; port 0 lets the system choose. It runs until it is killed.

mod line_echo;

use std::env;
use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;

use mio::net::TcpListener;

const DEFAULT_ADDRESS: &str = "127.0.0.1:4000";

fn main() -> ExitCode {
    let argument = env::args().nth(1);
    let argument = argument.as_deref().unwrap_or(DEFAULT_ADDRESS);
    match run(argument) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tcp_server {argument}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(address: &str) -> io::Result<()> {
    let address: SocketAddr = address
        .parse()
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "not an address and a port"))?;
    let listener = TcpListener::bind(address)?;
    println!("listening on {}", listener.local_addr()?);
    line_echo::serve(listener)
}
