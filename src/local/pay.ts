/** Makes one payment through a dialect, against a running sandbox, and shows what went over the wire. */
import type { Config } from '../config.ts';

/** Pays through `dialect` and prints requests and answers. */
export async function pay(config: Config, dialect: string): Promise<void> {
  throw new Error(`This version speaks no dialect yet, so it cannot pay through "${dialect}" on port ${config.port}.`);
}
