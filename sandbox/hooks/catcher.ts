/** The webhook catcher: remembers what it is sent, newest last, and answers as it is told to. What it keeps is in memory only. */

/** What was sent to a name. */
export interface CaughtHook {
  readonly name: string;
  /** Wall time, epoch ms. */
  readonly received_ms: number;
  readonly method: string;
  /** Without the question mark. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  /** As it came. */
  readonly body: string;
  /** What it was answered. */
  readonly status: number;
}

/** What the next deliveries to a name are answered instead of 200. */
export interface HookOrder {
  readonly status: number;
  readonly delay_ms: number;
  readonly times: number;
}

export interface Catcher {
  /** How to answer the next delivery; the order is used up by it. */
  next(name: string): Pick<HookOrder, 'status' | 'delay_ms'>;
  catch(hook: CaughtHook): void;
  /** All that was sent to a name, or to any. */
  list(name?: string): readonly CaughtHook[];
  order(name: string, order: HookOrder): void;
  clear(name?: string): void;
}

const KEPT_AT_MOST = 10_000;

export function createCatcher(): Catcher {
  let hooks: CaughtHook[] = [];
  const orders = new Map<string, HookOrder>();
  return {
    next(name) {
      const order = orders.get(name);
      if (order === undefined) return { status: 200, delay_ms: 0 };
      if (order.times <= 1) orders.delete(name);
      else orders.set(name, { ...order, times: order.times - 1 });
      return order;
    },
    catch(hook) {
      hooks.push(hook);
      if (hooks.length > KEPT_AT_MOST) hooks = hooks.slice(-KEPT_AT_MOST / 2);
    },
    list: (name) => (name === undefined ? hooks : hooks.filter((hook) => hook.name === name)),
    order: (name, order) => void orders.set(name, order),
    clear(name) {
      hooks = name === undefined ? [] : hooks.filter((hook) => hook.name !== name);
      if (name === undefined) orders.clear();
      else orders.delete(name);
    },
  };
}

/** Reads an order; says which field is wrong otherwise. */
export function readHookOrder(body: unknown): HookOrder | { readonly error: string; readonly field?: string } {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return { error: 'expected a JSON object' };
  const forms: Readonly<Record<string, readonly [standard: number, lowest: number, highest: number]>> = {
    // What is below 200 only announces an answer, and none would come.
    status: [500, 200, 599],
    delay_ms: [0, 0, 600_000],
    times: [1, 1, 1_000_000],
  };
  for (const [name, value] of Object.entries(body)) {
    const form = Object.hasOwn(forms, name) ? forms[name] : undefined;
    if (form === undefined) return { error: 'unknown field; expected status, delay_ms or times', field: name.slice(0, 40) };
    if (!Number.isInteger(value) || value < form[1] || value > form[2]) {
      return { error: `expected a whole number from ${form[1]} to ${form[2]}`, field: name };
    }
  }
  const given = body as Partial<HookOrder>;
  // A delay alone makes a slow endpoint, not a failing one.
  const status = given.status ?? (given.delay_ms === undefined ? 500 : 200);
  return { status, delay_ms: given.delay_ms ?? 0, times: given.times ?? 1 };
}
