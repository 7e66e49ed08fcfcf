//! What a build with only some of the features can do, and what it says of the others.

#[cfg(not(feature = "os-poll"))]
#[test]
fn without_os_poll_a_poll_is_unsupported_and_the_error_names_the_feature() {
    let error = mio::Poll::new().unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::Unsupported);
    assert!(error.to_string().contains("`os-poll`"), "{error}");
}

#[cfg(all(feature = "os-poll", not(target_os = "wasi")))]
#[test]
fn os_poll_alone_makes_a_poll_that_a_waker_ends() {
    use mio::{Events, Poll, Token, Waker};

    let mut poll = Poll::new().unwrap();
    let waker = Waker::new(poll.registry(), Token(1)).unwrap();
    waker.wake().unwrap();
    let mut events = Events::with_capacity(1);
    poll.poll(&mut events, None).unwrap();
    assert_eq!(events.iter().next().unwrap().token(), Token(1));
}

#[cfg(feature = "net")]
#[test]
fn net_alone_makes_sockets_that_do_not_block() {
    use std::io::ErrorKind;

    use mio::net::{TcpListener, TcpStream, UdpSocket};
    use std::io::Read;

    let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    let mut stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let error = stream.read(&mut [0]).unwrap_err();
    // WASI tells reading from a connection that is under way apart.
    let is_not_connected = cfg!(target_os = "wasi") && error.kind() == ErrorKind::NotConnected;
    assert!(is_not_connected || error.kind() == ErrorKind::WouldBlock, "{error}");
    let socket = UdpSocket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    assert_eq!(socket.recv_from(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn events_tokens_and_interests_need_no_feature() {
    use mio::{Events, Interest, Token};

    assert!(Events::with_capacity(16).is_empty());
    assert_eq!(usize::from(Token(3)), 3);
    assert!((Interest::READABLE | Interest::WRITABLE).is_writable());
}
