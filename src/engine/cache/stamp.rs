//! What a file system tells about a file without opening it.

/// How old the times of a file must be, in nanoseconds, before they tell whether it was written again:
/// file systems count in steps of up to two seconds.
const SETTLED_AFTER: i128 = 2_000_000_000;

/// What tells one state of a file from another without reading it. Plain values; how a system finds them
/// is the tree's affair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Size in bytes.
    pub size: u64,
    /// When its content was last written, in nanoseconds since 1970.
    pub modified: i128,
    /// When its content, name or mode last changed, in nanoseconds since 1970. Programs cannot set it.
    pub changed: i128,
    /// Its number on the device.
    pub inode: u64,
    /// The device's number.
    pub device: u64,
}

impl Stamp {
    /// Whether a later write would change the stamp, for a file that was read at `now` (nanoseconds since
    /// 1970; take the time *before* the stamp). A write within the same tick of the file system's clock
    /// may leave no trace, as may a file from the future.
    #[must_use]
    pub fn is_settled(&self, now: i128) -> bool {
        let limit = now.saturating_sub(SETTLED_AFTER);
        self.modified <= limit && self.changed <= limit
    }

    /// The stamp as it is stored; `None` for times before 1678 or after 2262.
    pub(super) fn to_bytes(self) -> Option<[u8; Self::BYTES]> {
        let mut out = [0; Self::BYTES];
        let fields = [
            self.size.to_le_bytes(),
            i64::try_from(self.modified).ok()?.to_le_bytes(),
            i64::try_from(self.changed).ok()?.to_le_bytes(),
            self.inode.to_le_bytes(),
            self.device.to_le_bytes(),
        ];
        out.copy_from_slice(fields.as_flattened());
        Some(out)
    }

    /// Bytes of a stored stamp.
    pub(super) const BYTES: usize = 40;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_old_times_are_trusted() {
        const SECOND: i128 = 1_000_000_000;
        let now = 1_800_000_000 * SECOND;
        for (modified, changed, settled) in [
            (2 * SECOND, 2 * SECOND, true),
            (2 * SECOND - 1, 9 * SECOND, false),
            (9 * SECOND, SECOND, false),
            (-SECOND, 9 * SECOND, false),
        ] {
            let stamp =
                Stamp { size: 1, modified: now - modified, changed: now - changed, inode: 1, device: 1 };
            assert_eq!(stamp.is_settled(now), settled, "{modified} {changed}");
        }
    }
}
