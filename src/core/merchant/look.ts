/** How a merchant's pages look to its shoppers: name, one color, a logo. Everything is checked here, since it ends up in pages. */

export interface Look {
  /** As shoppers know the merchant; absent: the channel's name. */
  readonly name?: string;
  /** `#rrggbb`: buttons and links. Shades that are readable on either background are made from it. */
  readonly accent?: string;
  /** A picture as a `data:` URL, so that no page asks anybody else for it. */
  readonly logo?: string;
}

const longestName = 80;
/** A logo travels inside every page: 64 KB of base64 is a generous one. */
const longestLogo = 65_536;

/** PNG, JPEG, WebP or SVG; in an `img` element an SVG runs no script and loads nothing. */
const logoForm = /^data:image\/(?:png|jpeg|webp|svg\+xml);base64,[A-Za-z0-9+/]+={0,2}$/;

/** Reads a stored or submitted look. Parts that are not fit for a page are left out, so that a page is shown in any case. */
export function readLook(value: unknown): Look {
  const { name, accent, logo } = (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, unknown>>;
  return {
    ...(isName(name) ? { name: name.trim() } : {}),
    ...(typeof accent === 'string' && /^#[0-9a-f]{6}$/i.test(accent) ? { accent: accent.toLowerCase() } : {}),
    ...(typeof logo === 'string' && logo.length <= longestLogo && logoForm.test(logo) ? { logo } : {}),
  };
}

function isName(name: unknown): name is string {
  return typeof name === 'string' && name.trim() !== '' && name.length <= longestName && !/\p{Cc}/u.test(name);
}
