//! Whom a display asks and waits for: rows of the rule, and a whole site on a simulated clock.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn fetching(bytes_done: u64) -> Word {
    Word::Fetching { bytes_done }
}

/// A choice in which these words were heard at once.
fn heard(words: &[Word], now: Instant) -> Choice {
    let mut choice = Choice::new(words.len(), 0, now);
    words.iter().enumerate().for_each(|(n, word)| choice.heard(n, *word, now));
    choice
}

#[tokio::test(start_paused = true)]
async fn who_has_no_neighbors_is_alone_at_once() {
    let now = Instant::now();
    assert_eq!(Choice::new(0, 3, now).next(now), Next::Alone);
}

#[tokio::test(start_paused = true)]
async fn everybody_is_asked_before_anything_is_decided() {
    let now = Instant::now();
    let mut choice = Choice::new(2, 0, now);
    assert_eq!((choice.next(now), choice.worth_asking(now)), (Next::Look(now), vec![0, 1]));
    choice.heard(0, Word::Complete, now);
    assert_eq!((choice.next(now), choice.worth_asking(now)), (Next::Look(now), vec![1]));
    choice.heard(1, Word::None, now);
    assert_eq!(choice.next(now), Next::Take(0));
}

#[tokio::test(start_paused = true)]
async fn whoever_has_it_is_taken_before_anybody_is_waited_for() {
    let now = Instant::now();
    for (words, expected) in [
        (vec![fetching(1), Word::None, Word::Complete], Next::Take(2)),
        (vec![Word::Complete, Word::Complete], Next::Take(0)),
        (vec![fetching(1), Word::None], Next::Look(now + LOOK_PAUSE)),
        (vec![Word::None, fetching(1)], Next::Look(now + LOOK_PAUSE)),
    ] {
        assert_eq!(heard(&words, now).next(now), expected, "{words:?}");
    }
    let mut choice = Choice::new(3, 8, now);
    (0..3).for_each(|n| choice.heard(n, Word::Complete, now));
    assert_eq!(choice.next(now), Next::Take(2), "followers begin with different ones");
}

#[tokio::test(start_paused = true)]
async fn a_neighbor_that_does_not_want_it_yet_has_its_grace_once_for_all() {
    let began = Instant::now();
    let mut choice = heard(&[Word::None; 8], began);
    assert_eq!(choice.next(began + GRACE - SECOND), Next::Look(began + GRACE - SECOND));
    assert_eq!(choice.next(began + GRACE), Next::Alone, "not eight times one after the other");
}

#[tokio::test(start_paused = true)]
async fn a_neighbor_whose_desired_state_comes_late_is_waited_for() {
    let began = Instant::now();
    let mut choice = heard(&[Word::None], began);
    let mut now = began;
    for _ in 0..5 {
        now += LOOK_PAUSE;
        choice.heard(0, Word::None, now);
        assert!(matches!(choice.next(now), Next::Look(_)), "{:?}", now - began);
    }
    // It moves for ten minutes, slowly.
    for bytes in 0..10 {
        now += Duration::from_secs(60);
        choice.heard(0, fetching(bytes), now);
        assert_eq!(choice.next(now), Next::Look(now + LOOK_PAUSE), "{bytes}");
    }
    choice.heard(0, Word::Complete, now);
    assert_eq!(choice.next(now), Next::Take(0));
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_stands_still_is_waited_for_that_long_and_its_successor_after_it() {
    let began = Instant::now();
    let mut choice = heard(&[fetching(7), fetching(0)], began);
    let mut now = began;
    while now < began + STALL {
        assert!(matches!(choice.next(now), Next::Look(_)), "{:?}", now - began);
        now += LOOK_PAUSE;
        choice.heard(0, fetching(7), now);
        choice.heard(1, fetching(0), now);
    }
    assert!(matches!(choice.next(now), Next::Look(_)), "the second one has not begun to wait longer");
    now += STALL;
    choice.heard(1, fetching(0), now);
    assert_eq!(choice.next(now), Next::Alone);
}

#[tokio::test(start_paused = true)]
async fn a_neighbor_that_is_not_reached_twice_is_out_and_one_that_lied_at_once() {
    let now = Instant::now();
    let mut choice = Choice::new(2, 0, now);
    choice.failed(0, now);
    choice.heard(1, Word::Complete, now);
    assert_eq!(choice.next(now), Next::Take(1));
    choice.drop(1);
    assert_eq!(choice.next(now), Next::Look(now + LOOK_PAUSE), "the first one once more");
    assert!(choice.worth_asking(now).is_empty(), "not at once");
    assert_eq!(choice.worth_asking(now + LOOK_PAUSE), [0]);
    choice.failed(0, now + LOOK_PAUSE);
    assert_eq!(choice.next(now + LOOK_PAUSE), Next::Alone);
    choice.heard(1, Word::Complete, now);
    assert_eq!(choice.next(now + LOOK_PAUSE), Next::Alone, "what a liar says later does not count");
}

#[tokio::test(start_paused = true)]
async fn who_is_too_busy_is_left_alone_for_a_moment_and_for_ever_when_nothing_comes_of_it() {
    let began = Instant::now();
    let mut choice = heard(&[Word::Complete, Word::Complete], began);
    choice.busy(0, began);
    assert_eq!(choice.next(began), Next::Take(1));
    choice.busy(1, began + SECOND);
    assert_eq!(choice.next(began + SECOND), Next::Look(began + BUSY_PAUSE));
    let mut now = began;
    while let Next::Look(at) = choice.next(now) {
        now = at;
        for n in 0..2 {
            choice.busy(n, now);
        }
    }
    assert!(
        now >= began + BUSY_PATIENCE && now < began + BUSY_PATIENCE + 2 * BUSY_PAUSE,
        "{:?}",
        now - began
    );
    assert_eq!(choice.next(now), Next::Alone);
    let mut choice = heard(&[Word::Complete], began);
    choice.busy(0, began);
    choice.gave(0);
    choice.busy(0, began + BUSY_PATIENCE);
    assert!(matches!(choice.next(began + BUSY_PATIENCE), Next::Look(_)), "bytes came in between");
}

/// What a display of the simulated site does.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Does {
    Follows,
    Fetches(u64),
    Has,
    /// Reached no more.
    Dead,
    /// Reached, and standing still.
    Stuck(u64),
}

/// A site of twenty on which everybody wants a release at once. A fetch takes a hundred seconds, over
/// either line. The first one becomes something else after so many seconds. Gives how many went to the
/// controller.
fn site(becomes: Option<(u32, Does)>) -> usize {
    let began = Instant::now();
    let mut displays: Vec<(Does, Choice)> =
        (0..20).map(|n| (Does::Follows, Choice::new(n, n, began))).collect();
    let mut alone = 0;
    for second in 0..3600_u32 {
        let now = began + second * SECOND;
        if let Some((_, is)) = becomes.filter(|(at, _)| *at == second) {
            displays[0].0 = is;
        }
        let words: Vec<Option<Word>> = displays
            .iter()
            .map(|(does, _)| match does {
                Does::Follows => Some(fetching(0)),
                Does::Fetches(bytes) | Does::Stuck(bytes) => Some(fetching(*bytes)),
                Does::Has => Some(Word::Complete),
                Does::Dead => None,
            })
            .collect();
        for (does, choice) in &mut displays {
            match does {
                Does::Fetches(99) => *does = Does::Has,
                Does::Fetches(bytes) => *bytes += 1,
                Does::Has | Does::Dead | Does::Stuck(_) => {}
                Does::Follows => {
                    for n in choice.worth_asking(now) {
                        match words[n] {
                            Some(word) => choice.heard(n, word, now),
                            None => choice.failed(n, now),
                        }
                    }
                    match choice.next(now) {
                        Next::Take(_) => *does = Does::Fetches(0),
                        Next::Look(_) => {}
                        Next::Alone => {
                            alone += 1;
                            *does = Does::Fetches(0);
                        }
                    }
                }
            }
        }
    }
    let has = displays.iter().filter(|(does, _)| *does == Does::Has).count();
    assert_eq!(has, 20 - usize::from(becomes.is_some()), "everybody who lives ends with it");
    alone
}

#[tokio::test(start_paused = true)]
async fn a_site_of_twenty_goes_to_the_controller_once_and_once_more_when_the_first_one_dies_or_stalls() {
    assert_eq!(site(None), 1);
    for second in [1, 50, 90] {
        assert_eq!(site(Some((second, Does::Dead))), 2, "dead after {second} s");
        assert_eq!(site(Some((second, Does::Stuck(7)))), 2, "stuck after {second} s");
    }
}

#[tokio::test(start_paused = true)]
async fn two_that_wait_for_each_other_end_alone() {
    let began = Instant::now();
    let mut both = [Choice::new(1, 0, began), Choice::new(1, 0, began)];
    let mut now = began;
    while now < began + 2 * STALL {
        for choice in &mut both {
            choice.heard(0, fetching(0), now);
            if choice.next(now) == Next::Alone {
                assert!(now >= began + STALL);
                return;
            }
        }
        now += LOOK_PAUSE;
    }
    panic!("they wait for ever");
}
