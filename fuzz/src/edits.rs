//! Input bytes as a list of edits of a signed original: random bytes alone would never carry a signature.
//!
//! Each edit is two bytes of position, one of length, one of kind, then the text to insert.

/// The original with the edits made.
pub fn apply(original: &[u8], mut edits: &[u8]) -> Vec<u8> {
    let mut mutant = original.to_vec();
    while let [high, low, length, kind, rest @ ..] = edits {
        let at = usize::from(u16::from_be_bytes([*high, *low])) % (mutant.len() + 1);
        let length = usize::from(*length);
        let end = (at + length).min(mutant.len());
        let mut used = 0;
        match kind % 4 {
            0 => drop(mutant.drain(at..end)),
            1 => {
                let piece = mutant[at..end].to_vec();
                let to = usize::from(*kind) * 64 % (mutant.len() + 1);
                drop(mutant.splice(to..to, piece));
            }
            2 => {
                if let Some(byte) = mutant.get_mut(at) {
                    *byte ^= 1 << (length % 8);
                }
            }
            _ => {
                used = length.min(rest.len());
                drop(mutant.splice(at..at, rest[..used].iter().copied()));
            }
        }
        edits = &rest[used..];
    }
    mutant
}
