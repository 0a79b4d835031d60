//! Pictures: their dimensions, read from the first bytes, and their small versions (F4), which are turned upright and have
//! no metadata. Dimensions are checked before anything is decoded. Uses `image`, with the four formats that browsers show.

pub mod brands;

use std::io::Cursor;

use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

/// The first bytes, which include the dimensions even behind the metadata that cameras write.
pub const HEAD_BYTES: u64 = 1 << 20;
/// Width and height of a small version at most: twice what a conversation shows, for dense screens.
pub const SMALL_MAX: u32 = 960;
/// Pictures with a larger width or height are not decoded.
const SIDE_MAX: u32 = 20_000;
/// Pictures with more pixels are not decoded: as many as the largest usual cameras have, at four bytes each.
const PIXELS_MAX: u64 = 64_000_000;
/// Memory for decoding, beside the picture itself.
const ROOM_BESIDE: u64 = 64 << 20;
/// Quality of small photographs, of 100.
const QUALITY: u8 = 82;

/// A small version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Small {
    /// A JPEG, or a PNG if it has transparency.
    pub bytes: Bytes,
    /// Its width and height.
    pub dimensions: (u32, u32),
}

/// Why there is no small version: an unknown format, or a picture that is too large or broken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoPicture(String);

/// Width and height of a picture when shown upright, from its first bytes. `None` for unknown formats and for pictures that
/// would not be decoded.
pub fn dimensions(head: &[u8]) -> Option<(u32, u32)> {
    let mut decoder = reader(head).ok()?.into_decoder().ok()?;
    let (width, height) = decoder.dimensions();
    check(width, height).ok()?;
    // If the orientation is unknown, the picture is left as it is.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    Some(if is_turned(orientation) { (height, width) } else { (width, height) })
}

/// Makes the small version of a picture. Slow: not for async threads.
pub fn small(bytes: &[u8]) -> Result<Small, NoPicture> {
    let broken = |error: image::ImageError| NoPicture(error.to_string());
    let mut reader = reader(bytes)?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(PIXELS_MAX * 4 + ROOM_BESIDE);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(broken)?;
    let (width, height) = decoder.dimensions();
    check(width, height)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let whole = DynamicImage::from_decoder(decoder).map_err(broken)?;
    let mut small =
        if width > SMALL_MAX || height > SMALL_MAX { whole.thumbnail(SMALL_MAX, SMALL_MAX) } else { whole };
    small.apply_orientation(orientation);
    let dimensions = (small.width(), small.height());
    // Encoded anew from its pixels, so that no metadata is kept.
    let mut written = Vec::new();
    if shines_through(&small) {
        let encoder =
            PngEncoder::new_with_quality(&mut written, CompressionType::Default, FilterType::Adaptive);
        small.to_rgba8().write_with_encoder(encoder).map_err(broken)?;
    } else {
        let encoder = JpegEncoder::new_with_quality(&mut written, QUALITY);
        small.to_rgb8().write_with_encoder(encoder).map_err(broken)?;
    }
    Ok(Small { bytes: Bytes::from(written), dimensions })
}

fn reader(bytes: &[u8]) -> Result<ImageReader<Cursor<&[u8]>>, NoPicture> {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    let reader = reader.map_err(|error| NoPicture(error.to_string()))?;
    match reader.format() {
        Some(ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::Gif | ImageFormat::WebP) => Ok(reader),
        _ => Err(NoPicture("no picture of a known kind".to_string())),
    }
}

fn check(width: u32, height: u32) -> Result<(), NoPicture> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 || width > SIDE_MAX || height > SIDE_MAX || pixels > PIXELS_MAX {
        return Err(NoPicture(format!("{width} × {height} is too large, or nothing")));
    }
    Ok(())
}

fn is_turned(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}

fn shines_through(picture: &DynamicImage) -> bool {
    picture.color().has_alpha() && picture.to_rgba8().pixels().any(|pixel| pixel.0[3] < u8::MAX)
}
