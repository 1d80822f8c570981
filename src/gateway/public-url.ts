/** Under which URL shoppers, banks and directory servers find this gateway. */
import type { Config } from '../config.ts';

/** Without a setting of its own, the address that it listens on. */
export function publicUrlOf({ publicUrl, tlsCertificateFile, host, port }: Config): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return publicUrl ?? `${tlsCertificateFile === undefined ? 'http' : 'https'}://${name}:${port}`;
}
