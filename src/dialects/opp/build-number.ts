/** What the platform says of its build in every answer; here the version of the protocol's implementation. */
import { hash } from 'node:crypto';

export const buildNumber = `${hash('sha1', 'polygate opp 1')}@2026-11-21 00:00:00 +0000`;
