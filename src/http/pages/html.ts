/** HTML as values: a tagged template that escapes whatever is put into it, so that no page can forget to. */

/** Markup that is ready to be sent. Only {@link html} makes it, from templates in the source; text of others becomes escaped text. */
export class Html {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/** What may stand in a template: markup as it is, text and numbers escaped, lists piece by piece, nothing for what is absent. */
export type HtmlPart = Html | string | number | undefined | false | readonly HtmlPart[];

/**
 * Markup from a template: `` html`<b>${name}</b>` ``. Values are safe in text and in quoted attributes, and nowhere else: never put one into a
 * script, a style, an attribute without quotes, or an address whose scheme is not checked.
 */
export function html(strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  let text = strings[0] ?? '';
  for (const [index, part] of parts.entries()) text += `${textOf(part)}${strings[index + 1]}`;
  return new Html(text);
}

/** Attributes of an element: absent and false ones are left out, true ones stand without a value. */
export function attributes(values: Readonly<Record<string, string | number | boolean | undefined>>): Html {
  const written = Object.entries(values).flatMap(([name, value]) => {
    if (value === undefined || value === false) return [];
    return value === true ? [` ${name}`] : [` ${name}="${escaped(String(value))}"`];
  });
  return new Html(written.join(''));
}

function textOf(part: HtmlPart): string {
  if (part === undefined || part === false) return '';
  if (part instanceof Html) return part.toString();
  return typeof part === 'object' ? part.map(textOf).join('') : escaped(String(part));
}

/** Text as it may stand in HTML, also inside quotes. */
function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
