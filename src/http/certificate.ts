/** The certificate that HTTPS is served with, read and tried before anything else starts. */
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';

export interface ServerCertificate {
  /** PEM, the server's own first, then its issuers'. */
  readonly cert: Buffer;
  /** PEM. */
  readonly key: Buffer;
}

/** Nothing older is offered (PCI DSS 4.0.1, appendix A2: no SSL and no early TLS). */
export const oldestTls = 'TLSv1.2';

/** Undefined when neither file is configured. Throws with the setting's name when a file cannot be read or the two do not fit. */
export function readCertificate(files: {
  readonly tlsCertificateFile: string | undefined;
  readonly tlsKeyFile: string | undefined;
}): ServerCertificate | undefined {
  if (files.tlsCertificateFile === undefined || files.tlsKeyFile === undefined) return undefined;
  const certificate = {
    cert: readPem({ setting: 'TLS_CERTIFICATE_FILE', path: files.tlsCertificateFile }),
    key: readPem({ setting: 'TLS_KEY_FILE', path: files.tlsKeyFile }),
  };
  try {
    createSecureContext({ ...certificate, minVersion: oldestTls });
  } catch (error) {
    throw new Error(
      'TLS_CERTIFICATE_FILE and TLS_KEY_FILE cannot be used together: expected a certificate chain and its private key without a passphrase, both PEM.',
      { cause: error },
    );
  }
  return certificate;
}

/** Throws with the setting's name when the file cannot be read. */
export function readPem({ setting, path }: { readonly setting: string; readonly path: string }): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Error(`${setting} names ${path}, which cannot be read. Give it the path of a PEM file that this user may read.`, {
      cause: error,
    });
  }
}
