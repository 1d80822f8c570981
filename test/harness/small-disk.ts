/** A disk that can be filled: a file system in memory of a size that is changed while it is used. Only root may mount one. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  readonly path: string;
  /** Nothing more can be written. */
  fill(): void;
  makeRoom(): void;
  makeReadOnly(): void;
  remove(): void;
}

const roomBytes = 512 * 1024 * 1024;

/** Undefined where none can be mounted. */
export function mountSmallDisk({ uid, gid }: { readonly uid: number; readonly gid: number }): SmallDisk | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'polygate-disk-'));
  const path = join(folder, 'disk');
  mkdirSync(path);
  // Its user has to pass through.
  chmodSync(folder, 0o711);
  const mount = (options: string) => spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'polygate-test', path]).status === 0;
  const resize = (bytes: number) => {
    if (!mount(`remount,size=${bytes}`)) throw new Error(`${path} cannot be given another size`);
  };
  const remove = () => {
    // Whoever still looks into it ends in a moment.
    spawnSync('umount', ['--lazy', path]);
    rmSync(folder, { recursive: true });
  };
  if (!mount(`size=${roomBytes},mode=700,uid=${uid},gid=${gid}`)) {
    rmSync(folder, { recursive: true });
    return undefined;
  }
  return {
    path,
    fill() {
      const { blocks, bfree, bsize } = statfsSync(path);
      resize((blocks - bfree) * bsize);
    },
    makeRoom: () => resize(roomBytes),
    makeReadOnly: () => void mount('remount,ro'),
    remove,
  };
}
