/** Card numbers in every place that a description leaves to the sender: as text, as a number, in an address. */
import fc from 'fast-check';
import { resolve, type Schema } from './document.ts';
import { contentOf, type FuzzRequest, type Recipe, requestOf, straight } from './requests.ts';
import type { Source } from './values.ts';

/** Anything at all may be at the end of `anything`. */
type Kind = 'text' | 'number' | 'anything';

/** The way to it, a name per step; members of a list are `0`. */
interface Place {
  readonly way: readonly string[];
  readonly kind: Kind;
}

/** Requests of the merchant that are good but for one place in the body, where a card number is: each place of each operation. */
export function cardNumberRequests(recipe: Recipe, seed: number): readonly FuzzRequest[] {
  return recipe.operations.flatMap((operation) =>
    operation.contents.flatMap((content) =>
      placesIn(recipe, content.schema).flatMap((place, index) => {
        const pan = recipe.pans[index % recipe.pans.length] ?? '';
        return written(place, pan).flatMap((value) => {
          const made = contentOf(recipe, { ...operation, contents: [content] }, fc.constant([])).map(
            (good) => good && { ...good, changed: (body: unknown) => withValue(good.changed(body), place.way, value) },
          );
          const parts = { ...straight(recipe, operation), content: made };
          return fc.sample(requestOf(recipe, operation, parts), { numRuns: 1, seed: seed + index });
        });
      }),
    ),
  );
}

const addressName = /(?:url|redirect|callback)s?$/i;
const origins = ['https://shop.example', 'http://127.0.0.1:9'];

function written({ way, kind }: Place, pan: string): readonly unknown[] {
  const number = Number(pan);
  if (kind === 'number') return [number];
  if (kind === 'anything') return [{ text: pan, number, list: [number, { [pan]: `${pan} ` }] }];
  const name = way.findLast((step) => step !== '0') ?? '';
  return [pan, ...(addressName.test(name) ? origins.map((origin) => `${origin}/${pan}`) : [])];
}

const deepest = 5;
const shortestPan = 12;

/** All places of a schema. What has a fixed value is left out, what a good request leaves out, and numbers that are too short for a card's. */
function placesIn(source: Pick<Source, 'document' | 'never'>, given: Schema, depth = 0): readonly Place[] {
  const schema = resolve(source.document, given);
  const inside = (member: Schema, name: string) =>
    placesIn(source, member, depth + 1).map(({ way, kind }): Place => ({ way: [name, ...way], kind }));
  const choices = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  const places = choices.flatMap((choice) => placesIn(source, choice, depth + 1));
  if (schema.const !== undefined || schema.enum !== undefined || depth > deepest) return places;
  const members = Object.entries(schema.properties ?? {}).filter(([name]) => !source.never.includes(name));
  const others = Object.values(schema.patternProperties ?? {});
  const kind = choices.length === 0 ? kindOf(schema) : undefined;
  return [
    ...places,
    ...(kind === undefined ? [] : [{ way: [], kind }]),
    ...members.flatMap(([name, member]) => inside(member, name)),
    ...others.flatMap((member) => inside(member, 'surprise')),
    ...(schema.items === undefined ? [] : inside(schema.items, '0')),
  ];
}

function kindOf({ type, properties, patternProperties, items, maximum = Infinity }: Schema): Kind | undefined {
  const types: readonly string[] = typeof type === 'string' ? [type] : (type ?? []);
  if (types.includes('string')) return 'text';
  if (types.includes('integer') || types.includes('number')) return maximum < 10 ** (shortestPan - 1) ? undefined : 'number';
  const isOpen = properties === undefined && patternProperties === undefined && items === undefined;
  return isOpen && (type === undefined || types.includes('object')) ? 'anything' : undefined;
}

/** The body with `value` at the end of the way; what is missing on it is made. */
function withValue(body: unknown, [name, ...rest]: readonly string[], value: unknown): unknown {
  if (name === undefined) return value;
  if (name === '0') return [withValue(Array.isArray(body) ? body[0] : undefined, rest, value)];
  const members = typeof body === 'object' && body !== null ? (body as Readonly<Record<string, unknown>>) : {};
  return { ...members, [name]: withValue(members[name], rest, value) };
}
