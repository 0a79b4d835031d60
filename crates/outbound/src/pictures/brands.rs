//! The pictures of a firm's brand, made anew from what was uploaded: the logo small enough for a sidebar, the square icon in
//! the sizes that browsers and phones ask for, the picture beside signing in. Nothing else that was in the file comes along.

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::imageops::{self, FilterType as Scaling};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, Limits, Rgba, RgbaImage};

use super::{NoPicture, QUALITY, reader};

/// Width or height over which a picture is not decoded.
pub const SIDE_MAX: u32 = 8_000;
/// Millions of points over which a picture is not decoded: four bytes each are needed then.
pub const MILLIONS_MAX: u32 = 32;
/// Points of a logo: twice what pages show, for dense screens.
const LOGO_MAX: (u32, u32) = (440, 144);
/// Points of the picture beside signing in.
const COVER_MAX: (u32, u32) = (1600, 1600);
/// The side of a square icon, for each of its uses: tabs, phones of Apple, phones of others.
const ICON_SIDES: [u32; 4] = [64, 180, 192, 512];
/// The part of an icon's side that phones which cut icons round leave (W3C Web Application Manifest, "safe zone").
const SAFE_PART: f32 = 0.8;

/// Why a picture cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is none of a known kind, or broken.
    #[error(transparent)]
    None(#[from] NoPicture),
    /// It has more than [`SIDE_MAX`] points a side, or more than [`MILLIONS_MAX`] million in all.
    #[error("{0} × {1} is too large")]
    TooLarge(u32, u32),
}

/// A picture that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// What it is called.
    pub name: String,
    /// `image/png` or `image/jpeg`.
    pub content_type: &'static str,
    /// The picture.
    pub bytes: Vec<u8>,
    /// Its width and height.
    pub dimensions: (u32, u32),
}

/// A logo, and how light it is where something shines through it: from 0 to 1.
pub fn logo(bytes: &[u8]) -> Result<(Made, Option<f32>), Refused> {
    let whole = decoded(bytes)?.to_rgba8();
    let cut = trimmed(&whole);
    let small = fitted(&DynamicImage::ImageRgba8(cut), LOGO_MAX).to_rgba8();
    let lightness = lightness(&small);
    Ok((png("logo.png", &small)?, lightness))
}

/// The square icon in all its sizes: `icon-64.png` and so on, and `icon-round.png` for phones that cut icons round. What is not
/// square is put in the middle of one.
pub fn icons(bytes: &[u8]) -> Result<Vec<Made>, Refused> {
    let whole = decoded(bytes)?.to_rgba8();
    let mut made = Vec::new();
    for side in ICON_SIDES {
        let mut icon = squared(&whole, side, 1.0, Rgba([0; 4]));
        if side == 180 {
            // Apple's phones show black where something shines through.
            icon = on(&icon, Rgba([255; 4]));
        }
        made.push(png(&format!("icon-{side}.png"), &icon)?);
    }
    let corner = *whole.get_pixel(0, 0);
    let behind = if corner.0[3] == u8::MAX { corner } else { Rgba([255; 4]) };
    made.push(png("icon-round.png", &on(&squared(&whole, 512, SAFE_PART, behind), behind))?);
    Ok(made)
}

/// The picture beside signing in.
pub fn cover(bytes: &[u8]) -> Result<Made, Refused> {
    let whole = fitted(&decoded(bytes)?, COVER_MAX).to_rgba8();
    let picture = DynamicImage::ImageRgba8(on(&whole, Rgba([255; 4]))).to_rgb8();
    let mut bytes = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, QUALITY);
    picture.write_with_encoder(encoder).map_err(broken)?;
    let (name, dimensions) = ("cover.jpg".to_string(), picture.dimensions());
    Ok(Made { name, content_type: "image/jpeg", bytes, dimensions })
}

fn broken(error: image::ImageError) -> NoPicture {
    NoPicture(error.to_string())
}

/// The picture upright. Its dimensions are looked at before anything is decoded.
fn decoded(bytes: &[u8]) -> Result<DynamicImage, Refused> {
    let mut reader = reader(bytes)?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(u64::from(MILLIONS_MAX) * 4_000_000 * 2);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(broken)?;
    let (width, height) = decoder.dimensions();
    let points = u64::from(width) * u64::from(height);
    if width > SIDE_MAX || height > SIDE_MAX || points > u64::from(MILLIONS_MAX) * 1_000_000 {
        return Err(Refused::TooLarge(width, height));
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut whole = DynamicImage::from_decoder(decoder).map_err(broken)?;
    whole.apply_orientation(orientation);
    Ok(whole)
}

/// Never larger than it was.
fn fitted(picture: &DynamicImage, (width, height): (u32, u32)) -> DynamicImage {
    if picture.width() <= width && picture.height() <= height {
        return picture.clone();
    }
    picture.resize(width, height, Scaling::Lanczos3)
}

/// Without the empty rim that many logos are exported with.
fn trimmed(picture: &RgbaImage) -> RgbaImage {
    let (mut left, mut top, mut right, mut bottom) = (u32::MAX, u32::MAX, 0, 0);
    for (x, y, pixel) in picture.enumerate_pixels() {
        if pixel.0[3] > 8 {
            (left, top) = (left.min(x), top.min(y));
            (right, bottom) = (right.max(x), bottom.max(y));
        }
    }
    if left > right || top > bottom {
        return picture.clone();
    }
    imageops::crop_imm(picture, left, top, right - left + 1, bottom - top + 1).to_image()
}

fn squared(picture: &RgbaImage, side: u32, part: f32, behind: Rgba<u8>) -> RgbaImage {
    let inner = (side as f32 * part).round() as u32;
    let whole = DynamicImage::ImageRgba8(picture.clone());
    let scaled = whole.resize(inner, inner, Scaling::Lanczos3).to_rgba8();
    let mut square = RgbaImage::from_pixel(side, side, behind);
    let (x, y) = ((side - scaled.width().min(side)) / 2, (side - scaled.height().min(side)) / 2);
    imageops::overlay(&mut square, &scaled, i64::from(x), i64::from(y));
    square
}

/// With something behind it that nothing shines through.
fn on(picture: &RgbaImage, behind: Rgba<u8>) -> RgbaImage {
    let mut whole = RgbaImage::from_pixel(picture.width(), picture.height(), behind);
    imageops::overlay(&mut whole, picture, 0, 0);
    whole
}

/// How light what is drawn is, where at least a tenth of the picture shines through.
fn lightness(picture: &RgbaImage) -> Option<f32> {
    let (mut drawn, mut light, mut open) = (0.0_f32, 0.0_f32, 0_u32);
    for Rgba([red, green, blue, alpha]) in picture.pixels() {
        let weight = f32::from(*alpha) / 255.0;
        if *alpha < 128 {
            open += 1;
        }
        drawn += weight;
        light += weight * (0.2126 * f32::from(*red) + 0.7152 * f32::from(*green) + 0.0722 * f32::from(*blue))
            / 255.0;
    }
    let all = picture.width() * picture.height();
    (open * 10 >= all && drawn > 0.0).then(|| light / drawn)
}

fn png(name: &str, picture: &RgbaImage) -> Result<Made, NoPicture> {
    let mut bytes = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Best, FilterType::Adaptive);
    picture.write_with_encoder(encoder).map_err(broken)?;
    Ok(Made { name: name.to_string(), content_type: "image/png", bytes, dimensions: picture.dimensions() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(picture: RgbaImage) -> Vec<u8> {
        png("x", &picture).unwrap().bytes
    }

    /// A picture of one colour with an empty rim.
    fn rimmed(width: u32, height: u32, rim: u32, colour: [u8; 4]) -> Vec<u8> {
        bytes(RgbaImage::from_fn(width, height, |x, y| {
            let is_rim = x < rim || y < rim || x >= width - rim || y >= height - rim;
            Rgba(if is_rim { [0; 4] } else { colour })
        }))
    }

    #[test]
    fn a_logo_loses_its_empty_rim_and_fits() {
        let (made, _) = logo(&rimmed(2000, 600, 100, [10, 20, 30, 255])).unwrap();
        assert_eq!(made.dimensions, (440, 98));
        let (made, _) = logo(&rimmed(120, 40, 10, [10, 20, 30, 255])).unwrap();
        assert_eq!(made.dimensions, (100, 20), "it is not blown up");
    }

    #[test]
    fn it_is_known_what_a_logo_is_drawn_with() {
        let drawn = |colour: [u8; 4]| {
            let picture = RgbaImage::from_fn(90, 30, |x, _| Rgba(if x % 3 == 0 { colour } else { [0; 4] }));
            logo(&bytes(picture)).unwrap().1
        };
        assert!(drawn([20, 20, 30, 255]).unwrap() < 0.2);
        assert!(drawn([250, 250, 250, 255]).unwrap() > 0.9);
        let whole = RgbaImage::from_pixel(90, 30, Rgba([20, 20, 30, 255]));
        assert_eq!(logo(&bytes(whole)).unwrap().1, None);
    }

    #[test]
    fn an_icon_has_all_its_sizes_and_is_square() {
        let made = icons(&rimmed(300, 200, 0, [200, 0, 0, 255])).unwrap();
        let sizes: Vec<(&str, (u32, u32))> =
            made.iter().map(|icon| (icon.name.as_str(), icon.dimensions)).collect();
        assert_eq!(
            sizes,
            [
                ("icon-64.png", (64, 64)),
                ("icon-180.png", (180, 180)),
                ("icon-192.png", (192, 192)),
                ("icon-512.png", (512, 512)),
                ("icon-round.png", (512, 512))
            ]
        );
        let round = image::load_from_memory(&made[4].bytes).unwrap().to_rgba8();
        assert!(round.pixels().all(|pixel| pixel.0[3] == 255));
    }

    #[test]
    fn what_is_no_picture_or_too_large_is_refused_before_it_is_decoded() {
        for wrong in [
            &b""[..],
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"GIF89a",
            b"\x89PNG\r\n\x1a\n",
            b"MZ\x90",
        ] {
            assert!(matches!(logo(wrong), Err(Refused::None(_))), "{wrong:?}");
            assert!(icons(wrong).is_err() && cover(wrong).is_err());
        }
        // The head of a PNG that says it is 10,000 × 10,000, and has nothing behind it.
        let mut head = rimmed(10, 10, 0, [0, 0, 0, 255]);
        head[16..20].copy_from_slice(&10_000_u32.to_be_bytes());
        head[20..24].copy_from_slice(&10_000_u32.to_be_bytes());
        let mut check = flate2::Crc::new();
        check.update(&head[12..29]);
        head[29..33].copy_from_slice(&check.sum().to_be_bytes());
        assert_eq!(logo(&head), Err(Refused::TooLarge(10_000, 10_000)));
    }

    #[test]
    fn a_cover_is_a_photograph() {
        let made = cover(&rimmed(3200, 1000, 0, [0, 90, 200, 255])).unwrap();
        assert_eq!((made.dimensions, made.content_type), ((1600, 500), "image/jpeg"));
        assert_eq!(made.bytes[..3], [0xff, 0xd8, 0xff]);
    }
}
