//! Small versions of pictures: upright, without where they were taken, and nothing decoded that is absurd (F4).

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use outbound::pictures::{SMALL_MAX, dimensions, small};
use proptest::prelude::*;

/// Left half red, right half blue.
fn halves(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, _| if x < width / 2 { Rgb([200, 0, 0]) } else { Rgb([0, 0, 200]) })
}

fn written(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A JPEG with an EXIF part that has an orientation and a place on earth in it (CIPA DC-008).
fn with_exif(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut tiff = b"MM\0\x2a\0\0\0\x08".to_vec();
    // Two entries: orientation, and where the data about the place stands.
    tiff.extend(b"\0\x02");
    tiff.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]);
    tiff.extend([0x88, 0x25, 0, 4, 0, 0, 0, 1, 0, 0, 0, 38]);
    tiff.extend([0, 0, 0, 0]);
    // One entry there: the reference of the latitude.
    tiff.extend(b"\0\x01");
    tiff.extend([0, 1, 0, 2, 0, 0, 0, 2, b'N', 0, 0, 0]);
    tiff.extend([0, 0, 0, 0]);
    tiff.extend(b"LATITUDE-OF-HOME");
    let mut part = b"Exif\0\0".to_vec();
    part.extend(tiff);
    let length = u16::try_from(part.len() + 2).unwrap();
    let mut whole = jpeg[..2].to_vec();
    whole.extend([0xff, 0xe1]);
    whole.extend(length.to_be_bytes());
    whole.extend(part);
    whole.extend(&jpeg[2..]);
    whole
}

/// The head of a PNG that says it has these dimensions; what follows is not there.
fn png_head(width: u32, height: u32) -> Vec<u8> {
    let mut picture = written(RgbImage::new(1, 1), ImageFormat::Png);
    picture[16..20].copy_from_slice(&width.to_be_bytes());
    picture[20..24].copy_from_slice(&height.to_be_bytes());
    let mut crc = flate2::Crc::new();
    crc.update(&picture[12..29]);
    picture[29..33].copy_from_slice(&crc.sum().to_be_bytes());
    picture
}

#[test]
fn f4_dimensions_are_told_from_the_first_bytes() {
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP] {
        let picture = written(halves(300, 200), format);
        assert_eq!(dimensions(&picture), Some((300, 200)), "{format:?}");
    }
    let jpeg = written(halves(300, 200), ImageFormat::Jpeg);
    assert_eq!(dimensions(&jpeg[..700]), Some((300, 200)), "the rest may be missing");
}

#[test]
fn f4_a_small_version_is_small_and_keeps_its_shape() {
    let picture = written(halves(3000, 1500), ImageFormat::Jpeg);
    let made = small(&picture).unwrap();
    assert_eq!(made.dimensions, (SMALL_MAX, SMALL_MAX / 2));
    assert_eq!(dimensions(&made.bytes), Some(made.dimensions));
    assert!(made.bytes.len() < 60_000, "{}", made.bytes.len());
    let tiny = small(&written(halves(30, 20), ImageFormat::Png)).unwrap();
    assert_eq!(tiny.dimensions, (30, 20), "nothing is made larger");
}

#[test]
fn f4_a_picture_taken_with_the_phone_on_its_side_stands_upright() {
    let jpeg = written(halves(400, 200), ImageFormat::Jpeg);
    // 6: the top of the picture is at the right of what is stored; 8: at its left; 3: upside down.
    for (orientation, expected, top_is_red) in [
        (1, (400, 200), None),
        (3, (400, 200), None),
        (6, (200, 400), Some(true)),
        (8, (200, 400), Some(false)),
    ] {
        let picture = with_exif(&jpeg, orientation);
        assert_eq!(dimensions(&picture), Some(expected), "{orientation}");
        let made = small(&picture).unwrap();
        assert_eq!(made.dimensions, expected, "{orientation}");
        let shown = image::load_from_memory(&made.bytes).unwrap().to_rgb8();
        let (top, left) = (shown.get_pixel(expected.0 / 2, 10), shown.get_pixel(10, expected.1 / 2));
        match top_is_red {
            Some(is_red) => assert_eq!(top.0[0] > 150, is_red, "{orientation} {top:?}"),
            None => assert_eq!(left.0[0] > 150, orientation == 1, "{orientation} {left:?}"),
        }
    }
}

#[test]
fn f4_where_a_picture_was_taken_is_not_in_its_small_version() {
    let picture = with_exif(&written(halves(400, 200), ImageFormat::Jpeg), 6);
    let contains = |bytes: &[u8], words: &[u8]| bytes.windows(words.len()).any(|window| window == words);
    assert!(contains(&picture, b"LATITUDE-OF-HOME"));
    let made = small(&picture).unwrap();
    assert!(!contains(&made.bytes, b"LATITUDE-OF-HOME") && !contains(&made.bytes, b"Exif"));
}

#[test]
fn f4_what_shines_through_still_does() {
    let clear = RgbaImage::from_fn(50, 50, |x, _| Rgba([0, 200, 0, if x < 25 { 0 } else { 255 }]));
    let made = small(&written(clear, ImageFormat::Png)).unwrap();
    let shown = image::load_from_memory(&made.bytes).unwrap().to_rgba8();
    assert_eq!((shown.get_pixel(5, 5).0[3], shown.get_pixel(45, 5).0[3]), (0, 255));
    let solid = RgbaImage::from_pixel(50, 50, Rgba([0, 200, 0, 255]));
    let made = small(&written(solid, ImageFormat::Png)).unwrap();
    assert!(made.bytes.starts_with(b"\xff\xd8"), "a photograph is a JPEG");
}

#[test]
fn f4_absurd_dimensions_are_refused_before_anything_is_decoded() {
    for (width, height) in [(100_000, 100_000), (u32::MAX / 2, 2), (20_001, 1), (8_001, 8_000), (0, 5)] {
        let picture = png_head(width, height);
        let begun = std::time::Instant::now();
        assert_eq!(dimensions(&picture), None, "{width} × {height}");
        assert!(small(&picture).is_err(), "{width} × {height}");
        assert!(begun.elapsed().as_millis() < 500, "{width} × {height}");
    }
}

#[test]
fn f4_what_is_no_picture_gives_none() {
    let cut = written(halves(300, 200), ImageFormat::Png);
    for bytes in [&b""[..], b"\x89PNG\r\n\x1a\n", b"GIF89a", b"<svg/>", b"BM\0\0\0\0", &cut[..cut.len() / 2]]
    {
        assert!(small(bytes).is_err());
    }
}

proptest! {
    #[test]
    fn f4_whatever_the_bytes_nothing_breaks(
        format in 0_usize..4,
        place in 0_usize..4_000,
        bytes in prop::collection::vec(any::<u8>(), 1..40),
    ) {
        let format = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP][format];
        let mut picture = written(halves(60, 40), format);
        let place = place % picture.len();
        let end = (place + bytes.len()).min(picture.len());
        picture[place..end].copy_from_slice(&bytes[..end - place]);
        let _ = dimensions(&picture);
        let _ = small(&picture);
    }
}
