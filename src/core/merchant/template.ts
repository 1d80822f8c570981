/**
 * Templates of the shopper's pages: what a merchant lays over them beyond its look, a style sheet and words of the card form. No script, and nothing
 * that would make a shopper's browser ask anybody for anything: what cannot be shown to be harmless is refused when it is written.
 */

/** The words of the card form that a template may replace. */
export const templateTexts = [
  ...(['payWith', 'card', 'otherCard', 'cardNumber', 'expiry', 'expiryPlaceholder', 'cvc', 'cvcHint', 'cvcHintFront', 'cvcWhere'] as const),
  ...(['cvcExplanation', 'holder', 'keepCard', 'keepLonger', 'secured', 'processing'] as const),
  ...(['cardNumberMissing', 'expiryMissing', 'cvcMissing', 'holderMissing'] as const),
] as const;

export type TemplateText = (typeof templateTexts)[number];

/** By language, as in `en`. */
export type TemplateWords = Readonly<Record<string, Readonly<Partial<Record<TemplateText, string>>>>>;

export interface Template {
  readonly css?: string;
  readonly texts?: TemplateWords;
}

export interface TemplateStore {
  /** Undefined where the merchant has none of this name. */
  find(key: { readonly merchantId: string; readonly name: string }): Promise<Template | undefined>;
}

/** Requests name templates in many ways; what follows the last dot is how another platform kept them. */
export const templateName = /^[A-Za-z0-9][\w.-]{0,49}$/;

/** Characters of a style sheet: it travels to every shopper. */
export const longestCss = 32_768;

export const longestText = 300;

/** Rules that only say when or how others apply. */
const harmlessRules = ['media', 'supports', 'container', 'layer', 'keyframes', '-webkit-keyframes'];

/** Functions that load something, or once ran something. */
const loading = /(?:^|[^\w-])(?:-(?:webkit|moz|o|ms)-)?(?:url|src|image|image-set|cross-fade|element|paint|expression|attr)\s*\(/i;

/** Why a style sheet cannot be used; undefined: it can. */
export function problemOfCss(css: string): string | undefined {
  if (css.length > longestCss) return `must have at most ${longestCss} characters`;
  // An escape could spell any of the words below.
  if (css.includes('\\')) return 'must have no backslash';
  if (/[<>]\s*[!/a-z]/i.test(css) && css.includes('<')) return 'must have no markup';
  if (hasControl(css)) return 'must have no control characters';
  // A comment between two halves of a word must not hide it.
  const bare = css.replaceAll(/\/\*[\s\S]*?\*\//g, ' ');
  if (bare.includes('/*')) return 'has a comment without an end';
  const joined = css.replaceAll(/\/\*[\s\S]*?\*\//g, '');
  for (const text of [bare, joined]) {
    if (loading.test(text)) return 'must load nothing: url(), image() and the like are not allowed, nor are expressions';
    if (/javascript\s*:|-moz-binding|behavior\s*:/i.test(text)) return 'must run nothing';
  }
  const rule = [...bare.matchAll(/@([\w-]*)/g)].find(([, name = '']) => !harmlessRules.includes(name.toLowerCase()));
  if (rule !== undefined) return `must have no ${rule[0]} rule; there may be: ${harmlessRules.slice(0, 5).join(', ')}`;
  return isBalanced(bare) ? undefined : 'has a bracket or a quote without its counterpart';
}

function hasControl(text: string): boolean {
  return /[^\P{Cc}\n\r\t]/u.test(text);
}

/** Brackets and quotes close what they open: else what follows would mean something else than it seems to. */
function isBalanced(text: string): boolean {
  const open: string[] = [];
  let quote: string | undefined;
  for (const character of text) {
    if (quote !== undefined) {
      if (character === '\n') return false;
      if (character === quote) quote = undefined;
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '{') open.push('}');
    else if (character === '(') open.push(')');
    else if (character === '[') open.push(']');
    else if ((character === '}' || character === ')' || character === ']') && open.pop() !== character) return false;
  }
  return open.length === 0 && quote === undefined;
}

/** Plain words for a page. */
export function isTemplateText(text: string): boolean {
  return text.trim() !== '' && text.length <= longestText && !/\p{Cc}/u.test(text);
}
