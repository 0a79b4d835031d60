//! A firm's colors in readable form (B1): the accent corrected where text on it or in it would fall below 4.5 : 1,
//! for light and dark pages, and the text on a colored sidebar. Contrast follows WCAG 2.2 (1.4.3, 1.4.11), measured
//! on the 8-bit RGB values that are shown. Corrections change only lightness (OKLCH), so the hue stays the firm's.

use std::fmt;

use color::{ColorSpace, Oklch, OpaqueColor, Srgb};

/// Minimum contrast of text (WCAG 2.2, 1.4.3).
pub const READABLE: f32 = 4.5;
/// Minimum contrast of shapes (WCAG 2.2, 1.4.11).
const VISIBLE: f32 = 3.0;
/// How much lightness changes per step.
const STEP: f32 = 0.004;
/// Below this chroma, a color has no discernible hue.
const GREY: f32 = 0.02;
/// The hue of the product's own greys, for accents without one.
const OWN_HUE: f32 = 256.0;

/// A color as it is shown: red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shade([u8; 3]);

impl Shade {
    pub const WHITE: Shade = Shade([255; 3]);
    pub const BLACK: Shade = Shade([0; 3]);

    /// Reads colors such as `#9bbfff`.
    pub fn parse(text: &str) -> Option<Shade> {
        let is_colour =
            |digits: &&str| digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let digits = text.strip_prefix('#').filter(is_colour)?;
        let part = |at: usize| digits.get(at..at + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
        Some(Shade([part(0)?, part(2)?, part(4)?]))
    }

    /// The contrast ratio, from 1 to 21.
    pub fn contrast(self, other: Shade) -> f32 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    fn luminance(self) -> f32 {
        self.color().relative_luminance()
    }

    fn color(self) -> OpaqueColor<Srgb> {
        let Shade([red, green, blue]) = self;
        OpaqueColor::from_rgb8(red, green, blue)
    }

    fn of<Space: ColorSpace>(color: OpaqueColor<Space>) -> Shade {
        let shown = color.to_rgba8();
        Shade([shown.r, shown.g, shown.b])
    }

    fn oklch(lightness: f32, chroma: f32, hue: f32) -> Shade {
        Shade::of(OpaqueColor::<Oklch>::new([lightness, chroma, hue]))
    }

    /// Changes lightness by this much, up to white or down to black.
    fn moved(self, by: f32) -> Shade {
        let [lightness, chroma, hue] = self.color().convert::<Oklch>().components;
        Shade::oklch((lightness + by).clamp(0.0, 1.0), chroma, hue)
    }

    /// Mixes in this part of another color.
    fn with(self, other: Shade, part: f32) -> Shade {
        Shade::of(self.color().lerp_rect(other.color(), part))
    }

    /// The first acceptable shade, going lighter if `step` is positive and darker if negative.
    fn until(self, step: f32, is_good: impl Fn(Shade) -> bool) -> Shade {
        let mut by = 0.0;
        let mut shade = self;
        while !is_good(shade) && by < 1.0 {
            by += STEP;
            shade = self.moved(step.signum() * by);
        }
        shade
    }
}

impl fmt::Display for Shade {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shade([red, green, blue]) = self;
        write!(formatter, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// An accent on light or dark pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tone {
    /// Background of white text: buttons, one's own messages.
    pub fill: Shade,
    /// `fill` while hovered.
    pub strong: Shade,
    /// Text and lines on the page.
    pub ink: Shade,
    /// Background of such text when selected.
    pub tint: Shade,
}

/// An accent for all its uses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Accent {
    /// In degrees (OKLCH); all greys are tinted with it.
    pub hue: f32,
    pub light: Tone,
    pub dark: Tone,
}

impl Accent {
    /// Corrects a firm's accent so that it is readable everywhere.
    pub fn of(given: Shade) -> Accent {
        let [_, chroma, own] = given.color().convert::<Oklch>().components;
        let hue = if chroma < GREY { OWN_HUE } else { own.rem_euclid(360.0) };
        let tint_chroma = |most: f32| if chroma < GREY { 0.0 } else { most };
        let carries_white = |shade: Shade| shade.contrast(Shade::WHITE) >= READABLE;
        // The product's own surfaces in this hue; must match the style's tokens.
        let light = [
            Shade::oklch(0.955, tint_chroma(0.022), hue),
            Shade::oklch(0.962, 0.005, hue),
            Shade::oklch(0.986, 0.003, hue),
            Shade::WHITE,
        ];
        let dark = [
            Shade::oklch(0.30, tint_chroma(0.045), hue),
            Shade::oklch(0.26, 0.011, hue),
            Shade::oklch(0.255, 0.011, hue),
            Shade::oklch(0.215, 0.009, hue),
            Shade::oklch(0.18, 0.008, hue),
        ];
        let on_all = |surfaces: &[Shade], least: f32, shade: Shade| {
            surfaces.iter().all(|surface| shade.contrast(*surface) >= least)
        };
        let fill = given.until(-STEP, carries_white);
        // A nearly black fill would be invisible on a dark page.
        let [_, _, _, card, page] = dark;
        let shown = fill.until(STEP, |shade| on_all(&[card, page], VISIBLE, shade));
        let tone = |fill: Shade, ink: Shade, tint: Shade| Tone { fill, strong: fill.moved(-0.06), ink, tint };
        Accent {
            hue,
            light: tone(fill, given.until(-STEP, |shade| on_all(&light, READABLE, shade)), light[0]),
            dark: tone(shown, given.until(STEP, |shade| on_all(&dark, READABLE, shade)), dark[0]),
        }
    }
}

/// A sidebar with a color of its own, the same on light and dark pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Side {
    pub back: Shade,
    pub text: Shade,
    /// Secondary text.
    pub soft: Shade,
    /// Background of the selected entry.
    pub current: Shade,
    /// Background of the hovered entry.
    pub pointed: Shade,
}

impl Side {
    /// Without a text color, text is white or black, whichever has more contrast.
    pub fn of(back: Shade, text: Option<Shade>) -> Side {
        let better =
            |one: Shade, two: Shade| if one.contrast(back) >= two.contrast(back) { one } else { two };
        let text = text.unwrap_or_else(|| better(Shade::WHITE, Shade::BLACK));
        let away = if text.luminance() > back.luminance() { Shade::BLACK } else { Shade::WHITE };
        let behind = |part: f32| {
            let towards = back.with(text, part);
            if towards.contrast(text) >= READABLE { towards } else { back.with(away, part) }
        };
        let faint = text.with(back, 0.25);
        let soft = if faint.contrast(back) >= READABLE { faint } else { text };
        Side { back, text, soft, current: behind(0.17), pointed: behind(0.09) }
    }

    pub fn is_readable(&self) -> bool {
        self.text.contrast(self.back) >= READABLE
    }

    /// Whether dark things have less contrast on it than light ones.
    pub fn is_dark(&self) -> bool {
        self.back.contrast(Shade::WHITE) > self.back.contrast(Shade::BLACK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shade(text: &str) -> Shade {
        Shade::parse(text).unwrap()
    }

    #[test]
    fn contrast_is_what_wcag_says() {
        for (one, two, expected) in [
            ("#000000", "#ffffff", 21.0),
            ("#767676", "#ffffff", 4.54),
            ("#0000ff", "#ffffff", 8.59),
            ("#abcdef", "#abcdef", 1.0),
        ] {
            let found = shade(one).contrast(shade(two));
            assert!((found - expected).abs() < 0.01, "{one} on {two}: {found}");
            assert_eq!(found, shade(two).contrast(shade(one)));
        }
    }

    #[test]
    fn only_six_digits_are_a_colour() {
        assert_eq!(shade("#0B7a5c").to_string(), "#0b7a5c");
        for wrong in ["", "#", "0b7a5c", "#0b7a5", "#0b7a5cc", "#0b7a5g", "#+b7a5c", "#äöü", "red"] {
            assert_eq!(Shade::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_accent_that_can_be_read_stays_as_it_is() {
        let green = shade("#0b7a5c");
        assert_eq!(Accent::of(green).light.fill, green);
        assert_eq!(Accent::of(green).light.ink, green);
    }

    #[test]
    fn an_accent_that_cannot_be_read_becomes_darker_and_keeps_its_hue() {
        let yellow = shade("#ffd400");
        let accent = Accent::of(yellow);
        assert_ne!(accent.light.fill, yellow);
        let hue = |shade: Shade| shade.color().convert::<Oklch>().components[2];
        assert!((hue(accent.light.fill) - hue(yellow)).abs() < 20.0, "{} of {yellow}", accent.light.fill);
    }

    #[test]
    fn words_on_a_sidebar_are_white_or_black_where_nothing_is_said() {
        assert_eq!(Side::of(shade("#12324a"), None).text, Shade::WHITE);
        assert_eq!(Side::of(shade("#ffe9a8"), None).text, Shade::BLACK);
        assert!(!Side::of(shade("#777777"), Some(shade("#888888"))).is_readable());
    }

    proptest! {
        #![proptest_config(ProptestConfig { max_global_rejects: 100_000, ..ProptestConfig::default() })]

        #[test]
        fn whatever_a_firm_chooses_can_be_read(red: u8, green: u8, blue: u8) {
            let given = Shade([red, green, blue]);
            let Accent { hue, light, dark } = Accent::of(given);
            prop_assert!((0.0..360.0).contains(&hue));
            for tone in [light, dark] {
                prop_assert!(tone.fill.contrast(Shade::WHITE) >= READABLE, "{given}: {} under white", tone.fill);
                prop_assert!(tone.strong.contrast(Shade::WHITE) >= READABLE, "{given}: {} under white", tone.strong);
                prop_assert!(tone.ink.contrast(tone.tint) >= READABLE, "{given}: {} on {}", tone.ink, tone.tint);
            }
            prop_assert!(light.ink.contrast(Shade::WHITE) >= READABLE);
            prop_assert!(dark.ink.contrast(shade("#15181c")) >= READABLE);
            prop_assert!(dark.fill.contrast(shade("#15181c")) >= 2.9, "{given}: {} on a dark page", dark.fill);
            let side = Side::of(given, None);
            prop_assert!(side.is_readable(), "{} on {given}", side.text);
            for (words, behind) in [(side.soft, side.back), (side.text, side.current), (side.text, side.pointed)] {
                prop_assert!(words.contrast(behind) >= READABLE, "{given}: {words} on {behind}");
            }
        }

        #[test]
        fn words_that_can_be_read_stay_so_where_they_are_chosen(
            back: [u8; 3], text: [u8; 3]
        ) {
            let side = Side::of(Shade(back), Some(Shade(text)));
            prop_assume!(side.is_readable());
            for (words, behind) in [(side.soft, side.back), (side.text, side.current), (side.text, side.pointed)] {
                prop_assert!(words.contrast(behind) >= READABLE, "{words} on {behind}");
            }
        }
    }
}
