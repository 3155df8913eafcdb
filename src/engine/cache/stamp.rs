//! Stamps: file metadata that changes when the content changes.

/// Minimum age of a file's timestamps, in nanoseconds, before they reliably change with the next write. File
/// systems have a timestamp resolution of up to two seconds.
const SETTLED_AFTER: i128 = 2_000_000_000;

/// Metadata that identifies the state of a file without reading it. The tree provides the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Size in bytes.
    pub size: u64,
    /// Time of the last write, in nanoseconds since 1970.
    pub modified: i128,
    /// Time of the last change of content, name or mode, in nanoseconds since 1970. Programs cannot set it.
    pub changed: i128,
    /// Inode number on the device.
    pub inode: u64,
    /// Number of the device.
    pub device: u64,
}

impl Stamp {
    /// Whether a later write would certainly change the stamp, for a file that was read at `now`, in
    /// nanoseconds since 1970. Take the time *before* the stamp. A write within the same tick of the file
    /// system's clock, or to a file with timestamps in the future, might not change the stamp.
    #[must_use]
    pub fn is_settled(&self, now: i128) -> bool {
        let limit = now.saturating_sub(SETTLED_AFTER);
        self.modified <= limit && self.changed <= limit
    }

    /// Encodes the stamp; `None` for times before 1678 or after 2262.
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

    /// Size of an encoded stamp in bytes.
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
