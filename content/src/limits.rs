//! How much content there may be. Each limit is a number with its unit and its reason.

/// Bytes of a release. Displays keep two of them, and a quarter of a small disk (64 GiB) is for both.
pub const RELEASE_BYTES_MAX: u64 = 8 * 1024 * 1024 * 1024;
/// Files of a release. Each is checked before activation; more would make that take minutes.
pub const RELEASE_FILES_MAX: usize = 200_000;
/// Bytes of a text (Markdown, strings, captions, events): a book has fewer; more is a file of
/// another kind under a wrong name.
pub const TEXT_BYTES_MAX: u64 = 256 * 1024;
/// Bytes of a YAML file: what the reader of settings takes.
pub const YAML_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Bytes of a form. A scan of thirty pages fits; a display has to render it in a second.
pub const PDF_BYTES_MAX: u64 = 20 * 1024 * 1024;
/// Bytes of a picture: a photo that fills the screen, well compressed, has a quarter of it.
pub const PICTURE_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Pixels of a picture, wide or high: twice what the largest display shows.
pub const PICTURE_PIXELS_MAX: usize = 4096;
/// Bytes of a drawing (SVG): more takes the browser longer than a visitor waits.
pub const DRAWING_BYTES_MAX: u64 = 512 * 1024;
/// Bytes of a video: ten minutes at four megabits a second.
pub const VIDEO_BYTES_MAX: u64 = 300 * 1024 * 1024;
/// Seconds of a video: who stands in front of a display does not watch for longer.
pub const VIDEO_SECONDS_MAX: u64 = 600;
/// Pixels of a video, wide and high: displays decode in software, which is smooth up to here.
pub const VIDEO_PIXELS_MAX: (u64, u64) = (1920, 1080);
/// Bytes of one step of a path: file systems take 255, some of which copies need for their endings.
pub const NAME_BYTES_MAX: usize = 128;
/// Bytes of a path within a release: with a display's own folder before it, it fits everywhere.
pub const PATH_BYTES_MAX: usize = 240;
/// Bytes of an id: it stands in links and in the names of folders.
pub const ID_BYTES_MAX: usize = 64;
/// Days ahead for which events are expanded: a display that gets no release for a year is out of date.
pub const EVENT_DAYS_AHEAD: i64 = 366;
/// Occurrences of one series in a release: one a day for the days ahead, and some.
pub const EVENT_OCCURRENCES_MAX: u16 = 400;
/// Days before the end of a form's edition from which on it is told: time to make a new one.
pub const EDITION_NOTICE_DAYS: i64 = 30;
/// Folders within folders: what people make has three.
pub const DEPTH_MAX: usize = 12;
/// Bytes of a manifest: as many files as a release may have, with paths of the usual length.
pub const MANIFEST_BYTES_MAX: u64 = 48 * 1024 * 1024;
/// Percent of the disk that content leaves free: below it file systems get slow and logs get lost.
pub const FLOOR_PERCENT: u64 = 5;
/// Bytes of the disk that content leaves free, however small five percent are.
pub const FLOOR_BYTES: u64 = 1024 * 1024 * 1024;
/// Bytes of a block: what the disk takes for a file is rounded up to it.
pub const BLOCK_BYTES: u64 = 4096;
/// Bytes that a frame of a pack may give: one is held in memory while it is unpacked.
pub const FRAME_OUT_MAX: u64 = 8 * 1024 * 1024;
/// Bytes that a frame gives at least, except the last one of a file. Without it a pack could make a
/// display read megabytes of the old file for each byte of the new one.
pub const FRAME_OUT_MIN: u64 = 64 * 1024;
/// Bytes of a frame on the wire: a mebibyte that does not compress, and what its format adds. After
/// a break of the line at most this much is fetched again.
pub const FRAME_PACKED_MAX: u64 = 1024 * 1024 + 4096;
/// Bytes of the old file that a frame may refer to: twice what it gives, so that a region that moved
/// still lies in it.
pub const FRAME_PREFIX_MAX: u64 = 16 * 1024 * 1024;
/// Bytes of a line of a pack: the longest that is allowed has not half of it.
pub const PACK_LINE_BYTES_MAX: usize = 256;
/// Bytes of a chunk on average: at this size the fallback costs five percent over a prepared pack.
pub const CHUNK_BYTES_AVERAGE: usize = 8 * 1024;
/// Bytes of the smallest chunk, but for the last one of a file.
pub const CHUNK_BYTES_MIN: usize = 2 * 1024;
/// Bytes of the largest chunk: where nothing in the data asks for a cut.
pub const CHUNK_BYTES_MAX: usize = 64 * 1024;
/// Files whose indexes one question may name: as many small ones as travel in a second.
pub const INDEXES_MAX: usize = 512;
/// Ranges that one question may name: its text then has at most 400 KB.
pub const RANGES_MAX: usize = 4096;
/// Bytes that the ranges of one question have together: what is asked for again after a break.
pub const RANGES_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Logarithm of the window of a stream of ranges, in bytes (2 MiB): what both ends hold in memory.
pub const RANGES_WINDOW_LOG: u32 = 21;
/// Bytes of a file up to which it travels by chunks: what is known of its chunks takes eight bytes for
/// each kilobyte, and a display has 64 MB of memory for all.
pub const CHUNKED_BYTES_MAX: u64 = 3 * 1024 * 1024 * 1024;
/// Chunks, by the size of files, that are looked up together: about 64 bytes of memory for each.
pub const GROUP_CHUNKS_MAX: u64 = 300_000;
