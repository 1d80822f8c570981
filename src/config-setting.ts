/** What a row of the table of settings is, and how to write one. */
import type { Form } from './config-forms.ts';

export type Mode = 'sandbox' | 'live';

/** One row of the table. A default may depend on the mode; `undefined` means that the setting may be absent. */
export type Setting<Value, Default extends Value | undefined = Value | undefined> = {
  readonly name: string;
  readonly form: Form<Value>;
  readonly defaults: Readonly<Record<Mode, Default>>;
  readonly meaning: string;
  /** What live mode answers when the setting is absent; names the remedy. */
  readonly requiredLive?: string;
};

/** A setting that always has a value. */
export function setting<Value>(
  name: string,
  form: Form<Value>,
  defaultValue: Value | Readonly<Record<Mode, Value>>,
  meaning: string,
): Setting<Value, Value> {
  return { name, form, defaults: byMode(defaultValue), meaning };
}

/** A setting that may be absent; its default is given as text, as a user would write it, so that the documentation can show it. */
export function optional<Value>(
  name: string,
  form: Form<Value>,
  meaning: string,
  more: { readonly sandbox?: Value; readonly requiredLive?: string } = {},
): Setting<Value> {
  const required = more.requiredLive === undefined ? {} : { requiredLive: more.requiredLive };
  return { name, form, defaults: { sandbox: more.sandbox, live: undefined }, meaning, ...required };
}

function byMode<Value>(value: Value | Readonly<Record<Mode, Value>>): Readonly<Record<Mode, Value>> {
  return isByMode(value) ? value : { sandbox: value, live: value };
}

function isByMode<Value>(value: Value | Readonly<Record<Mode, Value>>): value is Readonly<Record<Mode, Value>> {
  return typeof value === 'object' && value !== null && 'sandbox' in value && 'live' in value;
}
