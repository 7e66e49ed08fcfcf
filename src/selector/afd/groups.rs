//! Which of the open devices a socket is polled through. Pure.
//!
//! Two reasons speak against one device for all sockets. Cancelling a poll walks the polls under
//! way on its device, so that with many thousand on one each re-registration takes longer than the
//! one before. And Windows mixes up two polls of one socket through one device, so that the same
//! socket must not be there twice. A device for each socket has neither fault, and costs a kernel
//! object for each.

use std::io;

/// How many sockets share a device. A cancellation then walks 16 polls on average, a few
/// nanoseconds each, which together is less than the system call costs by itself; and the share of
/// a socket in its device is a thirtieth of an object. More sockets would make the first dearer
/// and the second hardly cheaper.
pub(super) const SIZE: usize = 32;

/// The devices, each with the sockets that it polls.
#[derive(Debug)]
pub(super) struct Groups<D> {
    /// The place of a group stays the same as long as it lives.
    groups: Vec<Option<Group<D>>>,
    /// Places of groups with room.
    with_room: Vec<usize>,
    vacant: Vec<usize>,
}

#[derive(Debug)]
struct Group<D> {
    device: D,
    members: Vec<usize>,
}

impl<D> Groups<D> {
    pub(super) fn new() -> Groups<D> {
        Groups { groups: Vec::new(), with_room: Vec::new(), vacant: Vec::new() }
    }

    /// Puts a socket into a group that has room and does not have the socket already, else into a
    /// new one, whose device is opened first. Returns the place of the group.
    pub(super) fn join(
        &mut self,
        socket: usize,
        open: impl FnOnce() -> io::Result<D>,
    ) -> io::Result<usize> {
        let found = self.with_room.iter().rposition(|place| {
            let members = self.groups[*place].as_ref().map(|group| &group.members);
            members.is_some_and(|members| !members.contains(&socket))
        });
        if let Some(index) = found {
            let place = self.with_room[index];
            let group = self.groups[place].as_mut().expect("what has room is there");
            group.members.push(socket);
            if group.members.len() == SIZE {
                self.with_room.swap_remove(index);
            }
            return Ok(place);
        }
        let group = Some(Group { device: open()?, members: vec![socket] });
        let place = match self.vacant.pop() {
            Some(place) => {
                self.groups[place] = group;
                place
            }
            None => {
                self.groups.push(group);
                self.groups.len() - 1
            }
        };
        self.with_room.push(place);
        Ok(place)
    }

    pub(super) fn device(&self, place: usize) -> &D {
        &self.groups[place].as_ref().expect("a socket is in a group").device
    }

    /// Takes a socket out. A device without sockets is closed, unless it is the last with room.
    pub(super) fn leave(&mut self, place: usize, socket: usize) {
        let group = self.groups[place].as_mut().expect("a socket is in a group");
        let index = group.members.iter().position(|member| *member == socket);
        group.members.swap_remove(index.expect("a socket is in its group"));
        if group.members.len() == SIZE - 1 {
            self.with_room.push(place);
        } else if group.members.is_empty() && self.with_room.len() > 1 {
            self.groups[place] = None;
            self.vacant.push(place);
            self.with_room.retain(|with_room| *with_room != place);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::*;

    /// A device that counts those open.
    struct Open(Rc<Cell<usize>>);

    impl Drop for Open {
        fn drop(&mut self) {
            self.0.set(self.0.get() - 1);
        }
    }

    fn counted() -> (Groups<Open>, Rc<Cell<usize>>) {
        (Groups::new(), Rc::new(Cell::new(0)))
    }

    fn join(groups: &mut Groups<Open>, count: &Rc<Cell<usize>>, socket: usize) -> usize {
        let open = || {
            count.set(count.get() + 1);
            Ok(Open(Rc::clone(count)))
        };
        groups.join(socket, open).unwrap()
    }

    /// W13: trio#1280. A cancellation walks no more polls than a device has sockets.
    #[test]
    fn a_device_has_so_many_sockets_and_no_more() {
        let (mut groups, count) = counted();
        for socket in 0..10 * SIZE {
            join(&mut groups, &count, socket);
        }
        assert_eq!(count.get(), 10);
        assert!(groups.groups.iter().flatten().all(|group| group.members.len() == SIZE));
    }

    /// W12: wepoll#35.
    #[test]
    fn a_socket_is_on_a_device_once() {
        let (mut groups, count) = counted();
        let places: Vec<_> = (0..5).map(|_| join(&mut groups, &count, 7)).collect();
        assert_eq!(count.get(), 5);
        for (index, place) in places.iter().enumerate() {
            assert!(!places[..index].contains(place));
        }
        join(&mut groups, &count, 8);
        assert_eq!(count.get(), 5, "for others there is room");
    }

    #[test]
    fn devices_without_sockets_are_closed_but_one() {
        let (mut groups, count) = counted();
        for _ in 0..3 {
            let sockets = 0..100 * SIZE;
            let places: Vec<_> =
                sockets.clone().map(|socket| join(&mut groups, &count, socket)).collect();
            assert_eq!(count.get(), 100);
            for (socket, place) in sockets.zip(places) {
                groups.leave(place, socket);
            }
            assert_eq!(count.get(), 1);
        }
        assert_eq!(groups.groups.len(), 100, "places are used again");
    }

    #[test]
    fn room_is_found_again() {
        let (mut groups, count) = counted();
        let place = (0..SIZE).map(|socket| join(&mut groups, &count, socket)).last();
        join(&mut groups, &count, 1000);
        groups.leave(place.unwrap(), 3);
        groups.leave(1, 1000);
        assert_eq!(count.get(), 1);
        assert_eq!(join(&mut groups, &count, 3), place.unwrap());
        assert_eq!(count.get(), 1);
    }

    #[test]
    fn a_device_that_cannot_be_opened_leaves_nothing_behind() {
        let (mut groups, count) = counted();
        let refused = || Err(io::ErrorKind::OutOfMemory.into());
        assert!(groups.join(1, refused).is_err());
        assert_eq!(join(&mut groups, &count, 1), 0);
        groups.leave(0, 1);
    }
}
