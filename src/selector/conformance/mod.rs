//! The promises of `contract.rs` as tests, generic over the selector. Each selector adds one line:
//! `conformance::suite!(TheSelector);`
//!
//! A case stands in the file of its rules and in the list below; one that is not listed is dead
//! code, which fails the build. WASI is without those that need a second thread, and without two
//! that it has no occasion for: it takes all of a write, and tells a writer of no end.

pub(super) mod edges;
mod harness;
mod model;
pub(super) mod registration;
pub(super) mod sequences;
mod steps;
pub(super) mod triggers;
#[cfg(unix)]
pub(super) mod unseen;
pub(super) mod waiting;
pub(super) mod wakes;

/// All cases, as tests of one selector.
macro_rules! suite {
    ($selector:ty) => {
        mod conformance {
            $crate::selector::conformance::tests! {
                $selector;
                waiting:
                    a_list_is_cleared_first,
                    a_zero_timeout_never_waits,
                    no_timeout_ends_early,
                    #[cfg(not(target_family = "wasm"))]
                    no_timeout_is_too_long,
                    a_list_without_room_is_refused,
                    what_does_not_fit_comes_later,
                    little_room_starves_nobody;
                edges:
                    what_is_ready_at_registration_is_an_event,
                    a_change_is_one_event,
                    each_change_after_would_block_is_one_event,
                    several_changes_are_one_event,
                    new_data_after_a_short_read_is_an_event,
                    #[cfg(not(target_family = "wasm"))]
                    room_after_a_short_write_is_an_event,
                    a_read_that_would_block_arms_reading_only,
                    a_write_that_would_block_arms_writing_only,
                    blocked_directions_add_up,
                    an_operation_of_unknown_direction_arms_both,
                    an_operation_of_named_directions_arms_those_only,
                    operations_of_named_directions_add_up,
                    a_direction_outside_the_interest_arms_nothing,
                    only_the_interest_is_reported,
                    a_closed_peer_is_reported_once,
                    a_half_closed_peer_is_reported_once,
                    #[cfg(not(target_family = "wasm"))]
                    a_closed_peer_is_reported_to_a_writer,
                    registering_anew_reports_what_is_ready;
                registration:
                    #[cfg(not(target_family = "wasm"))]
                    registering_during_a_wait_takes_effect,
                    #[cfg(not(target_family = "wasm"))]
                    registering_anew_during_a_wait_takes_effect,
                    registering_anew_with_an_event_under_way_reports_what_is_ready,
                    #[cfg(not(target_family = "wasm"))]
                    deregistering_during_a_wait_takes_effect,
                    #[cfg(not(target_family = "wasm"))]
                    rearming_during_a_wait_takes_effect,
                    deregistering_ends_events,
                    dropping_ends_events,
                    a_reused_descriptor_has_only_its_new_token,
                    any_token_comes_back,
                    sources_may_share_a_token,
                    registering_twice_is_refused_and_changes_nothing,
                    the_unknown_is_not_found,
                    a_deregistered_source_can_be_registered_again,
                    a_closed_peer_makes_nothing_fail,
                    #[cfg(not(target_family = "wasm"))]
                    registering_from_many_threads_loses_nothing,
                    sources_outlive_the_selector;
            }
            // There is nobody to wake without threads, and the model of the sequences knows of no
            // event too many.
            #[cfg(not(target_family = "wasm"))]
            $crate::selector::conformance::tests! {
                $selector;
                sequences:
                    random_sequences_keep_to_the_contract;
                wakes:
                    a_wake_ends_a_wait,
                    a_wake_before_a_wait_ends_it_at_once,
                    wakes_before_a_wait_are_one_event,
                    a_wake_after_a_wake_was_received_is_an_event,
                    wakers_have_their_own_tokens,
                    more_wakers_than_bits_all_wake,
                    a_dropped_waker_is_silent,
                    a_waker_outlives_the_selector,
                    no_wake_is_lost_among_threads,
                    no_wake_is_lost_to_registrations;
                triggers:
                    a_level_is_an_event_of_every_wait,
                    a_level_lasts_until_it_is_used_up,
                    a_level_has_all_that_is_ready_each_time,
                    a_level_of_room_lasts_until_there_is_none,
                    what_was_used_up_before_a_wait_is_no_level,
                    a_closed_peer_is_reported_by_every_wait,
                    a_closed_peer_is_reported_to_a_writer_by_every_wait,
                    a_half_closed_peer_is_reported_by_every_wait,
                    levels_starve_nobody,
                    a_level_can_become_an_edge_and_back,
                    a_level_can_change_its_interest,
                    a_level_registered_during_a_wait_ends_it,
                    a_one_shot_is_one_event,
                    a_one_shot_that_fired_is_armed_by_no_operation,
                    a_one_shot_of_two_directions_is_one_event,
                    the_other_direction_of_a_one_shot_is_silent,
                    a_silent_direction_ends_no_wait,
                    a_one_shot_that_fired_is_silent_about_the_end,
                    registering_anew_brings_a_one_shot_back,
                    registering_anew_during_a_wait_brings_a_one_shot_back,
                    a_one_shot_registered_anew_before_it_fires_is_one_event,
                    a_one_shot_that_fired_is_still_registered,
                    a_one_shot_can_become_another_trigger,
                    one_shots_that_do_not_fit_come_later,
                    a_closed_one_shot_leaves_nothing_to_its_number,
                    each_registration_anew_is_one_event_of_another_thread,
                    not_all_selectors_have_an_exclusive_event,
                    what_a_system_lacks_is_refused_and_changes_nothing;
            }
            // Descriptors whose operations the crate does not see are a thing of Unix.
            #[cfg(unix)]
            $crate::selector::conformance::tests! {
                $selector;
                unseen:
                    a_drained_descriptor_gives_an_event_for_each_change,
                    a_filled_descriptor_gives_an_event_for_room,
                    a_refilled_descriptor_gives_an_event,
                    a_closed_descriptor_is_refused,
                    a_closed_descriptor_ends_its_events,
                    an_unseen_source_is_registered_once,
                    a_closed_peer_is_reported,
                    a_level_of_a_descriptor_that_blocks_is_an_event_of_every_wait,
                    a_level_is_used_up_without_being_seen,
                    a_one_shot_of_a_descriptor_is_one_event,
                    a_descriptor_can_change_its_trigger;
            }
        }
    };
}
pub(super) use suite;

/// A test for each case, which it calls with the selector.
macro_rules! tests {
    ($selector:ty; $($group:ident: $($(#[$only:meta])? $case:ident),+;)+) => {$(
        mod $group {
            use super::super::*;
            $(
                $(#[$only])?
                #[test]
                fn $case() {
                    $crate::selector::conformance::$group::$case::<$selector>();
                }
            )+
        }
    )+};
}
pub(super) use tests;
