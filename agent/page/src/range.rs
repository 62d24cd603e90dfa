//! `Range` of a request (RFC 9110, 14): which bytes of a file are wanted. Pure. The browser asks so
//! when somebody moves in a video.

/// What is wanted of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All of it.
    Whole,
    /// The bytes from `from` up to and with `to`.
    Part {
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
    /// Bytes that it does not have.
    Beyond,
}

/// Reads the header. What is not one range of bytes is ignored, as the standard asks.
pub(crate) fn wanted(header: Option<&str>, size: u64) -> Wanted {
    let Some(range) = header.and_then(|h| h.trim().strip_prefix("bytes=")) else { return Wanted::Whole };
    let Some((from, to)) = range.split_once('-') else { return Wanted::Whole };
    let number = |text: &str| text.trim().parse::<u64>().ok();
    match (number(from), number(to)) {
        (Some(from), Some(to)) if from > to => Wanted::Whole,
        (Some(from), _) if from >= size => Wanted::Beyond,
        (Some(from), Some(to)) => Wanted::Part { from, to: to.min(size - 1) },
        (Some(from), None) if to.trim().is_empty() => Wanted::Part { from, to: size - 1 },
        (None, Some(0)) if from.trim().is_empty() => Wanted::Beyond,
        (None, Some(last)) if from.trim().is_empty() && size > 0 => {
            Wanted::Part { from: size.saturating_sub(last), to: size - 1 }
        }
        (None, Some(_)) if from.trim().is_empty() => Wanted::Beyond,
        _ => Wanted::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_range_is_understood_or_ignored() {
        let part = |from, to| Wanted::Part { from, to };
        let rows = [
            (None, Wanted::Whole),
            (Some("bytes=0-"), part(0, 9)),
            (Some("bytes=3-5"), part(3, 5)),
            (Some("bytes=3-500"), part(3, 9)),
            (Some("bytes=9-9"), part(9, 9)),
            (Some("bytes=-4"), part(6, 9)),
            (Some("bytes=-40"), part(0, 9)),
            (Some("bytes=-0"), Wanted::Beyond),
            (Some("bytes=10-"), Wanted::Beyond),
            (Some("bytes=18446744073709551615-"), Wanted::Beyond),
            (Some("bytes=5-3"), Wanted::Whole),
            (Some("bytes=0-1,4-5"), Wanted::Whole),
            (Some("bytes=x-"), Wanted::Whole),
            (Some("bytes=-"), Wanted::Whole),
            (Some("lines=1-2"), Wanted::Whole),
        ];
        for (header, expected) in rows {
            assert_eq!(wanted(header, 10), expected, "{header:?}");
        }
        for header in ["bytes=0-", "bytes=-1", "bytes=0-0"] {
            assert_eq!(wanted(Some(header), 0), Wanted::Beyond, "{header}: an empty file has no bytes");
        }
    }
}
