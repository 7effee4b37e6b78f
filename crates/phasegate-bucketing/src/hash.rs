//! The hashes that have no well-kept crate in the form that flag systems use them.

/// Murmur 3, x86, 32 bits, over bytes.
///
/// Source: `MurmurHash3_x86_32` of Austin Appleby's reference code. Unleash and flagd use it over UTF-8.
///
/// ```
/// use phasegate_bucketing::hash::murmur3_x86_32;
/// assert_eq!(murmur3_x86_32(b"hello", 0), 613_153_351);
/// ```
pub fn murmur3_x86_32(bytes: &[u8], seed: u32) -> u32 {
    fn mixed(word: u32) -> u32 {
        word.wrapping_mul(0xcc9e_2d51)
            .rotate_left(15)
            .wrapping_mul(0x1b87_3593)
    }
    let (words, tail) = bytes.as_chunks::<4>();
    let mut hash = seed;
    for word in words {
        hash ^= mixed(u32::from_le_bytes(*word));
        hash = hash
            .rotate_left(13)
            .wrapping_mul(5)
            .wrapping_add(0xe654_6b64);
    }
    if !tail.is_empty() {
        let word = tail
            .iter()
            .rev()
            .fold(0, |word, byte| (word << 8) | u32::from(*byte));
        hash ^= mixed(word);
    }
    // The reference code counts the length in 32 bits.
    hash ^= u32::try_from(bytes.len() & 0xffff_ffff).unwrap_or(u32::MAX);
    hash ^= hash >> 16;
    hash = hash.wrapping_mul(0x85eb_ca6b);
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(0xc2b2_ae35);
    hash ^ (hash >> 16)
}

/// FNV-1a, 32 bits, over the UTF-16 code units of a text, as JavaScript's `charCodeAt` gives them.
///
/// Equal to FNV-1a over bytes for ASCII and for nothing else. GrowthBook uses it.
///
/// ```
/// use phasegate_bucketing::hash::fnv1a_32_utf16;
/// assert_eq!(fnv1a_32_utf16("a") % 1000, 220);
/// ```
pub fn fnv1a_32_utf16(text: &str) -> u32 {
    text.encode_utf16().fold(0x811c_9dc5, |hash: u32, unit| {
        (hash ^ u32::from(unit)).wrapping_mul(0x0100_0193)
    })
}
