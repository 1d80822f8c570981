/**
 * The care of keys: what a running node does every few seconds so that keys can be replaced under it, and what the command line does to
 * replace them. Both take the same steps, and any of them may be interrupted at any point.
 */
import { randomUUID } from 'node:crypto';
import { activateMasterKey } from './active-key.ts';
import {
  type CardRotation,
  findRotation,
  moveBite,
  type RotationParts,
  startRotations,
  type Turn,
  unfinishedRotations,
} from './card-rotation.ts';
import { type DataKeyUse, dataKeyUses, type MasterKeyUse, masterKeyUses } from './key-usage.ts';
import { type LiveNode, liveNodes, type Node, sayAlive } from './nodes.ts';
import { countToRewrap, rewrapBite } from './rewrap.ts';

export interface KeyCare {
  /** One round of a running node; `more`: it should come again at once. Throws what went wrong; the next round tries again. */
  round(): Promise<{ readonly more: boolean }>;
  /** The master key that wraps. */
  activeId(): Promise<string>;
  /** See `activateMasterKey`. */
  activate(keyId: string): Promise<readonly string[]>;
  /** Wraps up to 500 data keys with the active master key. */
  rewrapBite(): Promise<{ readonly count: number; readonly more: boolean }>;
  /** Data keys that the active master key has not wrapped. */
  countToRewrap(): Promise<number>;
  startRotations(merchantId?: string): Promise<readonly CardRotation[]>;
  moveBite(rotation: CardRotation): Promise<Turn>;
  findRotation(rotation: CardRotation): Promise<CardRotation | undefined>;
  masterKeyUses(): Promise<readonly MasterKeyUse[]>;
  dataKeyUses(): Promise<readonly DataKeyUse[]>;
  liveNodes(): Promise<readonly LiveNode[]>;
}

export interface KeyCareOptions extends Omit<RotationParts, 'workerId'> {
  readonly node?: Node;
}

export function createKeyCare({ node, ...options }: KeyCareOptions): KeyCare {
  const parts: RotationParts = { ...options, workerId: node?.id ?? randomUUID() };
  const { database, keyProvider, activeKey, dataKeys } = parts;

  /** The database's time of the look is told with the next sign of life: by then the old keys are out of this node's memory. */
  async function catchUp(): Promise<readonly CardRotation[]> {
    const { rotations, lookedAt } = await unfinishedRotations(database);
    for (const { merchantId, toVersion } of rotations) dataKeys.forgetBefore(merchantId, toVersion);
    const caughtUp = lookedAt === undefined ? {} : { caughtUpAt: lookedAt };
    if (node !== undefined) await sayAlive(database, { node, keyIds: keyProvider.keyIds, ...caughtUp });
    return rotations;
  }

  return {
    async round() {
      // With a key file that cannot be read at the moment the keys known before go on working.
      const unreadable = await keyProvider.refresh().catch((error: unknown) => ({ error }));
      const rotations = await catchUp();
      const { more } = await rewrapBite(parts);
      const turns: Turn[] = [];
      for (const rotation of rotations) turns.push(await moveBite(parts, rotation));
      if (unreadable !== undefined) throw unreadable.error;
      return { more: more || turns.includes('moved') };
    },
    activeId: activeKey.refresh,
    activate: (keyId) => activateMasterKey(database, keyProvider, keyId),
    rewrapBite: () => rewrapBite(parts),
    countToRewrap: () => countToRewrap(parts),
    startRotations: (merchantId) => startRotations(parts, merchantId),
    moveBite: (rotation) => moveBite(parts, rotation),
    findRotation: (rotation) => findRotation(database, rotation),
    masterKeyUses: () => masterKeyUses(database),
    dataKeyUses: () => dataKeyUses(database),
    liveNodes: () => liveNodes(database),
  };
}
