//! UDP: what the standard library does not offer.

mod messages;
mod name;
mod options;
mod receive;
mod send;

pub(crate) use self::options::{
    buffer_size, capabilities, only_v6, option, set_buffer_size, set_wish, wish,
};
pub(crate) use self::receive::{RecvRoom, recv_many, recv_vectored};
pub(crate) use self::send::{SendRoom, send_many, send_vectored};
