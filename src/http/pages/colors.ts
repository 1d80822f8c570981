/**
 * Shades of a merchant's color that people can read: WCAG 2.2 asks for a contrast of 4.5 between text and its background (1.4.3). For
 * texts the color is darkened, or lightened on dark screens, until it has that much.
 */

type Rgb = readonly [red: number, green: number, blue: number];

const black: Rgb = [0, 0, 0];
const white: Rgb = [255, 255, 255];
const enough = 4.6;

/** The color of pages whose merchant has none. */
export const defaultAccent = '#1f4fd8';

/** Of the surfaces in page.css on which the accent stands, those where it is hardest to read. */
const surfaces = { light: '#f3f4f7', dark: '#171b26' } as const;

/** Style sheet with the shades of one color: `accent` as `#rrggbb`. */
export function accentSheet(accent: string): string {
  const light = shades(accent, surfaces.light, black);
  const dark = shades(accent, surfaces.dark, white);
  return `:root{${light}}\n@media (prefers-color-scheme:dark){:root{${dark}}}\n`;
}

function shades(accent: string, surface: string, towards: Rgb): string {
  const color = rgbOf(accent);
  const base = readable(color, rgbOf(surface), towards);
  // A button keeps the color itself: of black and white, one can be read on it.
  const onButton = contrast(color, white) >= contrast(color, black) ? white : black;
  const strong = mix(color, onButton === white ? black : white, 0.16);
  const tint = mix(rgbOf(surface), base, 0.1);
  return `--accent:${hexOf(base)};--accent-tint:${hexOf(tint)};--button:${hexOf(color)};--button-strong:${hexOf(strong)};--on-button:${hexOf(onButton)}`;
}

/** The first mixture with `towards` that can be read on the surface. */
function readable(color: Rgb, surface: Rgb, towards: Rgb): Rgb {
  for (let share = 0; share < 1; share += 0.04) {
    const mixed = mix(color, towards, share);
    if (contrast(mixed, surface) >= enough) return mixed;
  }
  return towards;
}

function rgbOf(hex: string): Rgb {
  const number = Number.parseInt(hex.slice(1), 16);
  return [(number >> 16) & 255, (number >> 8) & 255, number & 255];
}

function hexOf(rgb: Rgb): string {
  return `#${rgb.map((channel) => Math.round(channel).toString(16).padStart(2, '0')).join('')}`;
}

function mix(from: Rgb, to: Rgb, share: number): Rgb {
  const channel = (index: 0 | 1 | 2) => from[index] + (to[index] - from[index]) * share;
  return [channel(0), channel(1), channel(2)];
}

/** Contrast ratio of WCAG 2.2: 1 to 21. */
function contrast(a: Rgb, b: Rgb): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return ((high ?? 0) + 0.05) / ((low ?? 0) + 0.05);
}

function luminance(rgb: Rgb): number {
  const [red, green, blue] = rgb.map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0);
}
