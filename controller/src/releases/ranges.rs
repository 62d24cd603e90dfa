//! Ranges of objects as one zstd stream. Read and packed a part at a time on a thread for that, which
//! is given back in between: whoever takes it slowly holds memory, and no thread.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::sync::Arc;

use futures_util::stream::{self, Stream};
use migrado_content::chunks::{Asked, ChunkError, Pack};
use migrado_content::digest::Digest;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::objects::Objects;

/// Streams at once. Each holds about 4 MB: a window, a table and a part. Packs go out as files and do
/// not count.
const STREAMS_MAX: usize = 32;
/// Bytes that are read and packed at once, and can be unpacked when they came.
const PART_BYTES: usize = 256 * 1024;

/// Gives streams, so many at once.
#[derive(Debug, Clone)]
pub struct Ranges {
    objects: Objects,
    places: Arc<Semaphore>,
}

impl Ranges {
    /// Of these objects.
    pub fn new(objects: Objects) -> Self {
        Self { objects, places: Arc::new(Semaphore::new(STREAMS_MAX)) }
    }

    /// The ranges, in this order. `None` while too many others are served. What was not checked before,
    /// or changes meanwhile, ends it with an error.
    pub fn stream(&self, asked: Vec<Asked>) -> Option<impl Stream<Item = io::Result<Vec<u8>>> + use<>> {
        let place = self.places.clone().try_acquire_owned().ok()?;
        let objects = self.objects.clone();
        let mut asked = asked.into_iter();
        let next = asked.next();
        let begin = Reading { objects, asked, next, open: None, pack: None, _place: place };
        Some(stream::try_unfold(Some(begin), async |reading| {
            let Some(reading) = reading else { return Ok(None) };
            tokio::task::spawn_blocking(move || reading.part().map(Some)).await?
        }))
    }
}

/// A stream under way.
#[derive(Debug)]
struct Reading {
    objects: Objects,
    asked: std::vec::IntoIter<Asked>,
    /// What is read now: less each time, until it is nothing.
    next: Option<Asked>,
    /// The object that was opened last.
    open: Option<(Digest, File)>,
    pack: Option<Pack>,
    _place: OwnedSemaphorePermit,
}

impl Reading {
    /// The next part, and how to go on after it.
    fn part(mut self) -> io::Result<(Vec<u8>, Option<Self>)> {
        let mut part = Vec::with_capacity(PART_BYTES);
        while let Some((object, offset, length)) = self.next.take() {
            let now = length.min((PART_BYTES - part.len()) as u64);
            self.read(object, offset, now, &mut part)?;
            self.next = match length - now {
                0 => self.asked.next(),
                left => Some((object, offset + now, left)),
            };
            if part.len() == PART_BYTES {
                break;
            }
        }
        let mut pack = self.pack.take().map_or_else(Pack::new, Ok).map_err(packing)?;
        let packed = pack.push(&part, self.next.is_none()).map_err(packing)?;
        self.pack = Some(pack);
        Ok((packed, self.next.is_some().then_some(self)))
    }

    fn read(&mut self, object: Digest, offset: u64, length: u64, part: &mut Vec<u8>) -> io::Result<()> {
        let (_, file) = match self.open.take().filter(|(open, _)| *open == object) {
            Some(open) => self.open.insert(open),
            None => self.open.insert((object, File::open(self.objects.path(&object))?)),
        };
        file.seek(SeekFrom::Start(offset))?;
        match file.take(length).read_to_end(part)? as u64 {
            read if read == length => Ok(()),
            read => Err(io::Error::other(format!("{object} has {read} of {length} bytes from {offset} on"))),
        }
    }
}

fn packing(error: ChunkError) -> io::Error {
    io::Error::other(error)
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt as _, TryStreamExt as _};
    use migrado_content::chunks::Unpack;

    use super::*;

    async fn whole(stream: impl Stream<Item = io::Result<Vec<u8>>>) -> io::Result<Vec<u8>> {
        let packed: Vec<Vec<u8>> = Box::pin(stream).try_collect().await?;
        let (mut unpack, mut bytes) = (Unpack::new().unwrap(), Vec::new());
        let take = |out: &[u8]| {
            bytes.extend_from_slice(out);
            Ok::<(), ChunkError>(())
        };
        unpack.push(&packed.concat(), take).unwrap();
        Ok(bytes)
    }

    #[tokio::test]
    async fn ranges_come_in_their_order_and_what_is_not_there_ends_the_stream_with_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let objects = Objects::open(dir.path()).unwrap();
        let bytes: Vec<u8> = (0..300_000_u32).flat_map(|n| n.wrapping_mul(n).to_le_bytes()).collect();
        let (big, small) = (objects.put(&bytes).unwrap(), objects.put(b"small").unwrap());
        let ranges = Ranges::new(objects.clone());
        let asked = vec![(big, 100, 700_000), (small, 1, 3), (big, 0, 10), (small, 0, 5), (big, 700_000, 1)];
        let came = whole(ranges.stream(asked.clone()).unwrap()).await.unwrap();
        let right = [&bytes[100..700_100], b"mal", &bytes[..10], b"small", &bytes[700_000..700_001]].concat();
        assert!(came == right, "{} bytes", came.len());
        assert_eq!(whole(ranges.stream(Vec::new()).unwrap()).await.unwrap(), b"");
        let error = whole(ranges.stream(vec![(small, 3, 4)]).unwrap()).await.unwrap_err();
        assert!(error.to_string().contains("2 of 4 bytes"), "{error}");
        std::fs::remove_file(objects.path(&small)).unwrap();
        assert!(whole(ranges.stream(asked).unwrap()).await.is_err());
    }

    #[tokio::test]
    async fn only_so_many_are_served_at_once_and_whoever_goes_makes_room() {
        let dir = tempfile::tempdir().unwrap();
        let objects = Objects::open(dir.path()).unwrap();
        let object = objects.put(&vec![1; 600_000]).unwrap();
        let ranges = Ranges::new(objects);
        let asked = vec![(object, 0, 600_000)];
        let mut streams: Vec<_> =
            (0..STREAMS_MAX).map(|_| Box::pin(ranges.stream(asked.clone()).unwrap())).collect();
        streams[0].next().await.unwrap().unwrap();
        assert!(ranges.stream(asked.clone()).is_none());
        drop(streams.pop());
        assert!(whole(ranges.stream(asked).unwrap()).await.is_ok());
    }
}
