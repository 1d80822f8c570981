/** Conditions of the tables: ways to write them, and how they are decided. */

import type { JsonObject } from './json.ts';
import { type Condition, VERSIONS } from './rule.ts';

type Values = readonly (string | boolean)[];

/** The message's element has one of the values; for a list, one of its entries does. */
export const where = (element: string, ...values: Values): Condition => ({ element, in: values });
/** The same of the AReq that the message answers. */
export const asked = (element: string, ...values: Values): Condition => ({ asked: element, in: values });
/** The message has the element. */
export const present = (element: string): Condition => ({ present: element });
export const all = (...conditions: readonly Condition[]): Condition => ({ all: conditions });
export const any = (...conditions: readonly Condition[]): Condition => ({ any: conditions });
export const not = (condition: Condition): Condition => ({ not: condition });

/** Device channels: a shopper's app, a shopper's browser, or no shopper at all ("3RI"). */
export const APP = where('deviceChannel', '01');
export const BROWSER = where('deviceChannel', '02');
export const NO_SHOPPER = where('deviceChannel', '03');
/** A payment (`01`) rather than an authentication without one. */
export const PAYMENT = where('messageCategory', '01');

/** The AReq that the message answers is at hand. */
export const AREQ_AT_HAND = asked('messageVersion', ...VERSIONS);

/** What conditions are decided from. */
export interface Facts {
  /** The message or object in which the row stands. */
  readonly here: JsonObject;
  /** The AReq that the message answers; undefined when it is not at hand. */
  readonly areq: JsonObject | undefined;
}

/** Whether a condition holds. */
export function holds(condition: Condition, facts: Facts): boolean {
  if ('element' in condition) return matches(facts.here, condition.element, condition.in);
  if ('asked' in condition) return facts.areq !== undefined && matches(facts.areq, condition.asked, condition.in);
  if ('present' in condition) return valueIn(facts.here, condition.present) !== undefined;
  if ('all' in condition) return condition.all.every((part) => holds(part, facts));
  if ('any' in condition) return condition.any.some((part) => holds(part, facts));
  return !holds(condition.not, facts);
}

/** An own member's value: names come from outside, and `constructor` is not one of the message's. */
export function valueIn(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function matches(object: JsonObject, name: string, values: Values): boolean {
  const value = valueIn(object, name);
  const found: readonly unknown[] = Array.isArray(value) ? value : [value];
  return found.some((entry) => (typeof entry === 'string' || typeof entry === 'boolean') && values.includes(entry));
}
