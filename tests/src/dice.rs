//! A small generator of numbers, so that a demo is the same every time and a test that failed by chance
//! fails again with its seed.

/// Names a seed for one run.
const SEED: &str = "MIGRADO_SEED";

/// Dice with a memory (splitmix64).
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice that fall the same way for the same seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number between the two, both included.
    pub fn between(&mut self, (low, high): (u64, u64)) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        low + (z ^ (z >> 31)) % (high - low + 1)
    }
}

/// Bytes that nothing compresses, the same ones each time.
pub fn noise(bytes: usize, seed: u64) -> Vec<u8> {
    let mut dice = Dice::new(seed);
    (0..bytes).map(|_| u8::try_from(dice.between((0, 255))).unwrap_or(0)).collect()
}

/// The seed of this run: a new one each time, unless `MIGRADO_SEED` names one. It is printed, so that
/// a run that failed can be had again.
pub fn seed() -> u64 {
    let named = std::env::var(SEED).ok().and_then(|seed| seed.parse().ok());
    let now = jiff::Timestamp::now().as_millisecond().unsigned_abs();
    let seed = named.unwrap_or(now);
    eprintln!("{SEED}={seed}");
    seed
}
