/**
 * Why a connection could not be made, from what the transport says of it. Its text has no fixed form and may hold addresses:
 * known parts of it are looked for, and none of it is passed on.
 */
import type { NotKnown } from '../core/array.ts';

type Why = Pick<NotKnown, 'cause'> & { readonly says: string };

/** Phrases of Node's TLS (`ERR_TLS_*`, verification errors), of OpenSSL's alerts (RFC 8446, 6.2) and of the kernel. */
const PHRASES: readonly (readonly [pattern: RegExp, cause: NotKnown['cause'], says: string])[] = [
  [
    /certificate has expired|certificate is not yet valid/,
    'Unauthenticated',
    'the certificate of the array has expired',
  ],
  [
    /self-signed certificate|unable to verify|unable to get (local )?issuer/,
    'Unauthenticated',
    'the certificate of the array does not come from the authority in ca.crt of the Secret',
  ],
  [
    /ERR_TLS_CERT_ALTNAME_INVALID/,
    'Unauthenticated',
    'the certificate of the array is for another name than the endpoint',
  ],
  [
    /alert (unknown ca|bad certificate|certificate \w+|unsupported certificate|access denied|decrypt error)/,
    'Unauthenticated',
    'the array does not accept the certificate in tls.crt of the Secret',
  ],
  [/wrong version number|packet length too long/, 'Unauthenticated', 'what listens at the endpoint does not speak TLS'],
  [/ECONNREFUSED|ENOENT/, 'Unreachable', 'nothing listens at the endpoint'],
  [/ENOTFOUND|EAI_AGAIN|[Nn]ame resolution failed/, 'Unreachable', 'the name of the endpoint has no address'],
  [/EHOSTUNREACH|ENETUNREACH|ETIMEDOUT/, 'Unreachable', 'there is no way to the endpoint'],
];

/** Undefined where the transport does not say it, or in words that are not known. */
export function whyUnavailable(details: string): Why | undefined {
  const found = PHRASES.find(([pattern]) => pattern.test(details));
  return found === undefined ? undefined : { cause: found[1], says: found[2] };
}
