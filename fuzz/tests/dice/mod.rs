//! Chance with a fixed seed, and what it does to a sample.

/// Bytes that mean something to one grammar or another.
const TELLING: &[u8] = b"\n\r\0\t @<>()\"'\\-=:;,.%{}[]&#/?+*|\x1b\x1f\x7f\x80\xa0\xe3\xff";
/// Pieces that mean something.
const WORDS: [&[u8]; 16] = [
    b"\r\n\r\n",
    b"\n--",
    b"=?utf-8?B?",
    b"?=",
    b"\x1b$B",
    b"\x1b(B",
    b"\xef\xbb\xbf",
    b"Content-Type: multipart/report; boundary=b\n",
    b"Content-Type: message/rfc822\n\n",
    b"Content-Transfer-Encoding: base64\n",
    b"Final-Recipient: rfc822; ",
    b"550 5.1.1 ",
    b"<a@b.example>",
    b"\xe2\x80\xae",
    b"99999999999999999999",
    b"\nFrom a@b.example Mon Jan  1 00:00:00 2026\n",
];

/// A xorshift generator.
pub struct Dice(u64);

impl Dice {
    /// The dice of the nth input.
    pub fn of(n: usize) -> Self {
        Self((n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }

    /// The sample with one to eight changes; some take a piece of the other sample.
    pub fn mutated(&mut self, sample: &[u8], other: &[u8]) -> Vec<u8> {
        let mut input = sample.to_vec();
        for _ in 0..=self.below(8) {
            self.change(&mut input, other);
        }
        input
    }

    fn change(&mut self, input: &mut Vec<u8>, other: &[u8]) {
        let at = self.below(input.len() + 1);
        let end = (at + self.below(300)).min(input.len());
        match self.below(8) {
            0 if at < input.len() => input[at] = self.below(256) as u8,
            1 => drop(input.drain(at..end)),
            2 => input.truncate(at),
            3 => input.insert(at, TELLING[self.below(TELLING.len())]),
            4 => {
                let piece = input[at..end].to_vec();
                let to = self.below(input.len() + 1);
                input.splice(to..to, piece);
            }
            5 => {
                let from = self.below(other.len() + 1);
                let to = (from + self.below(400)).min(other.len());
                input.splice(at..end, other[from..to].iter().copied());
            }
            6 => drop(input.splice(at..at, WORDS[self.below(WORDS.len())].iter().copied())),
            _ if at < input.len() => input[at] ^= 1 << self.below(8),
            _ => {}
        }
    }
}
