//! Makes an input odd: by chance, but the same chance for the same number.

/// Numbers in an order that looks like chance.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        // Zero would stay zero.
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `limit`, and 0 if there is none.
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 16) % limit.max(1) as u64).unwrap()
    }

    fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    fn range(&mut self, length: usize, most: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        start..(start + self.below(most.min(length - start) + 1))
    }
}

/// No input grows beyond this.
const MAX_BYTES: usize = 64 << 10;

/// Numbers at which something ends.
const EDGES: &[&str] = &[
    "0",
    "-0",
    "00",
    "+1",
    "1.",
    ".5",
    "1e3",
    "1E-5",
    "1e40",
    "1e41",
    "1e-2147483648",
    "1e2147483647",
    "0e-2147483648",
    "1e999",
    "2147483647",
    "2147483648",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "99999999999999.9999",
    "100000000000000",
    "0.00001",
    "60",
    "31",
    "32",
    "13",
    "24",
    "9999",
    "10000",
    "0000",
];

/// A seed with up to six changes.
pub(super) fn mutated(dice: &mut Dice, seeds: &[&[u8]], words: &[&[u8]]) -> Vec<u8> {
    let mut input = dice.pick(seeds).to_vec();
    for _ in 0..=dice.below(6) {
        change(dice, &mut input, seeds, words);
        input.truncate(MAX_BYTES);
    }
    input
}

fn change(dice: &mut Dice, input: &mut Vec<u8>, seeds: &[&[u8]], words: &[&[u8]]) {
    let length = input.len();
    match dice.below(9) {
        0 if length > 0 => input[dice.below(length)] ^= 1 << dice.below(8),
        1 if length > 0 => input[dice.below(length)] = u8::try_from(dice.below(256)).unwrap(),
        2 => drop(input.drain(dice.range(length, 64))),
        3 => input.truncate(dice.below(length + 1)),
        4 => {
            let part = input[dice.range(length, 128)].to_vec();
            let most = if dice.below(20) == 0 { 500 } else { 3 };
            let times = 1 + dice.below(most);
            insert(dice, input, &part.repeat(times));
        }
        5 => {
            let other = dice.pick(seeds);
            let part = other[dice.range(other.len(), 512)].to_vec();
            insert(dice, input, &part);
        }
        6 => {
            let word = dice.pick(words);
            let over = dice.range(length, 12);
            input.splice(over, word.iter().copied());
        }
        7 => {
            let word = dice.pick(words);
            insert(dice, input, word);
        }
        _ => number(dice, input),
    }
}

fn insert(dice: &mut Dice, input: &mut Vec<u8>, part: &[u8]) {
    let at = dice.below(input.len() + 1);
    input.splice(at..at, part.iter().copied());
}

/// Puts another number in the place of one.
fn number(dice: &mut Dice, input: &mut Vec<u8>) {
    let from = dice.below(input.len());
    let Some(start) = input.iter().skip(from).position(u8::is_ascii_digit).map(|at| at + from) else { return };
    let digits = input[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    input.splice(start..start + digits, dice.pick(EDGES).bytes());
}
