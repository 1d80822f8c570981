/**
 * Runs each story over every driver, on one stack for each test file, and lets the auditor come after every one of them. A driver that
 * lacks something a story needs skips it, and the report names what is missing.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { auditAfterEach } from '../harness/auditor.ts';
import { freshCardNumber } from '../harness/card-numbers.ts';
import type { HostEntry } from '../harness/host-control.ts';
import { eventually } from '../harness/processes.ts';
import { type Stack, startStack } from '../harness/stack.ts';
import type { Answer, CallerName, Capability, Client, Driver, Order, Outcome } from './driver.ts';
import { drivers } from './drivers.ts';

/** What a story works with. */
export interface Scene {
  readonly driver: Driver;
  readonly stack: Stack;
  /** The demo merchant. */
  readonly shop: Client;
  /** Anybody. */
  callerNamed(name: CallerName): Client;
  /** What the host has booked since the story began, oldest first. */
  booked(): Promise<readonly HostEntry[]>;
  /** Waits until the answer to what was pending is known. */
  truthOf(pending: Answer): Promise<Answer>;
}

export type Story = (name: string, needs: readonly Capability[], tell: (scene: Scene) => Promise<void>) => void;

export interface ListedStory {
  readonly name: string;
  readonly needs: readonly Capability[];
}

/** Where stories are written down while a file is read and not run. */
let list: ListedStory[] | undefined;

/** The stories of a test file that nobody has imported yet in this process, in their order; none of them is run. */
export async function listStories(load: () => Promise<unknown>): Promise<readonly ListedStory[]> {
  const listed: ListedStory[] = [];
  list = listed;
  try {
    await load();
  } finally {
    list = undefined;
  }
  return listed;
}

/** Begins a test file of stories. `env`: settings that differ from those of a test; `webhooks`: the demo merchant is told what happens. */
export function stories(env: Readonly<Record<string, string>> = {}, { webhooks = false }: { readonly webhooks?: boolean } = {}): Story {
  const listed = list;
  if (listed !== undefined) return (name, needs) => void listed.push({ name, needs });
  let stack: Stack | undefined;
  before(async () => {
    stack = await startStack({ env, webhooks });
  });
  auditAfterEach(() => stack);
  after(async () => stack?.stop());
  return (name, needs, tell) => {
    for (const driver of drivers) {
      const missing = needs.filter((capability) => driver.lacks.includes(capability));
      const skip = missing.length > 0 && `${driver.dialect} lacks: ${missing.join(', ')}`;
      test(`${driver.dialect}: ${name}`, { skip }, async () => {
        if (stack === undefined) throw new Error('There is no stack.');
        await tell(await sceneOf(stack, driver));
      });
    }
  };
}

async function sceneOf(stack: Stack, driver: Driver): Promise<Scene> {
  const url = `http://127.0.0.1:${stack.config.port}`;
  const callerNamed = (caller: CallerName) => driver.connect({ url, caller, traces: stack.traces });
  const shop = callerNamed('demo');
  const before = (await stack.host.books()).length;
  return {
    driver,
    stack,
    shop,
    callerNamed,
    booked: async () => (await stack.host.books()).slice(before),
    async truthOf({ handle = '' }) {
      let answer = await shop.read(handle);
      const known = async () => {
        answer = await shop.read(handle);
        return answer.outcome !== 'pending';
      };
      await eventually(known, `the truth about ${handle}`);
      return answer;
    },
  };
}

/** An order that is approved: 100.00 EUR on a card that nothing else has used. */
export function order(more: Partial<Order> = {}): Order {
  return { amount: 100_00, card: { number: freshCardNumber(), cvc: '123' }, ...more };
}

/** Asserts what became of a request, and returns its handle; that of a refusal is empty. */
export function expectOutcome(answer: Answer, outcome: Outcome, reason?: Answer['reason']): string {
  const expected = { outcome, ...(reason === undefined ? {} : { reason }) };
  const found = { outcome: answer.outcome, ...(reason === undefined ? {} : { reason: answer.reason }) };
  assert.deepEqual(found, expected, answer.text);
  assert.equal(answer.handle === undefined, outcome === 'refused', answer.text);
  return answer.handle ?? '';
}

/** `count` requests at the same moment. */
export function atOnce(count: number, request: (index: number) => Promise<Answer>): Promise<readonly Answer[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => request(index)));
}

/** How many answers have each outcome. */
export function tally(answers: readonly Answer[]): Readonly<Partial<Record<Outcome, number>>> {
  const groups = Map.groupBy(answers, ({ outcome }) => outcome);
  return Object.fromEntries([...groups].map(([outcome, group]) => [outcome, group.length]));
}
