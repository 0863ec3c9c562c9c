import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';

/**
 * A certificate that a server signs for itself (X.509 version 3, RFC 5280) and a person compares by its fingerprint.
 * Node reads certificates but makes none; what this needs of DER (ITU-T X.690) is small enough to write here.
 * The key is ECDSA on P-256, which every client of the last fifteen years takes.
 */

const TAG = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

const OID = {
  ecdsaWithSha256: '2a8648ce3d040302',
  commonName: '550403',
  subjectAltName: '551d11',
  basicConstraints: '551d13',
  keyUsage: '551d0f',
  extKeyUsage: '551d25',
  serverAuth: '2b06010505070301',
} as const;

const YEAR_MS = 365.25 * 86_400_000;

/** Clocks of devices are wrong: the certificate is valid from a day before it is made. */
const BACKDATED_MS = 86_400_000;

function der(tag: number, ...contents: Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  const digits = length.subarray(length.findIndex((byte) => byte !== 0));
  return Buffer.concat([Buffer.from([tag, 0x80 | digits.length]), digits, content]);
}

const oid = (hex: string): Buffer => der(TAG.oid, Buffer.from(hex, 'hex'));
const sequence = (...items: Uint8Array[]): Buffer => der(TAG.sequence, ...items);
const bits = (bytes: Uint8Array): Buffer => der(TAG.bitString, Buffer.from([0]), bytes);

function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/\.\d+/, '').replace(/[-:T]/g, '');
  return der(TAG.generalizedTime, Buffer.from(digits, 'latin1'));
}

function extension(id: string, critical: boolean, value: Uint8Array): Buffer {
  const mark = critical ? [Buffer.from([0x01, 0x01, 0xff])] : [];
  return sequence(oid(id), ...mark, der(TAG.octetString, value));
}

/** GeneralName: dNSName is [2], iPAddress is [7] (RFC 5280, section 4.2.1.6). */
function alternativeName(name: string): Buffer {
  const family = isIP(name);
  if (family === 0) return der(0x82, Buffer.from(name, 'latin1'));
  return der(0x87, family === 4 ? Buffer.from(name.split('.').map(Number)) : ipv6Bytes(name));
}

function ipv6Bytes(address: string): Buffer {
  const url = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = '', tail = ''] = url.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const zeros = Array<string>(8 - groups(head).length - groups(tail).length).fill('0');
  const all = url.includes('::') ? [...groups(head), ...zeros, ...groups(tail)] : groups(head);
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

function pem(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

export interface SelfSigned {
  /** PEM. */
  readonly certificate: string;
  /** PEM, PKCS #8, not encrypted: keep it in a file that only its owner can read. */
  readonly key: string;
}

export interface SelfSignedOptions {
  /** Host names and IP addresses that the certificate is for. Default `localhost`. */
  readonly names?: readonly string[];
  /** Years it is valid. Default 10. */
  readonly years?: number;
}

/** A new key and a certificate for it. Throws `RangeError` for a name that is neither an IP address nor a host name. */
export function makeSelfSigned(options: SelfSignedOptions = {}): SelfSigned {
  const names = options.names === undefined || options.names.length === 0 ? ['localhost'] : options.names;
  for (const name of names) {
    if (isIP(name) === 0 && !/^[A-Za-z0-9*_.-]{1,253}$/.test(name))
      throw new RangeError('a certificate is for host names and IP addresses');
  }
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const certificate = certify(privateKey, publicKey, names, Date.now(), (options.years ?? 10) * YEAR_MS);
  return {
    certificate: pem('CERTIFICATE', certificate),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function certify(
  privateKey: KeyObject,
  publicKey: KeyObject,
  names: readonly string[],
  now: number,
  validMs: number,
): Buffer {
  // A serial number is positive and has entropy (CA/Browser Forum, 7.1): the first byte is 1 to 127.
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x01;
  const name = sequence(
    der(
      TAG.set,
      sequence(oid(OID.commonName), der(TAG.utf8String, Buffer.from((names[0] ?? '').slice(0, 64)))),
    ),
  );
  const algorithm = sequence(oid(OID.ecdsaWithSha256));
  const extensions = sequence(
    extension(OID.basicConstraints, true, sequence()),
    // digitalSignature only: bit 0, seven bits unused.
    extension(OID.keyUsage, true, der(TAG.bitString, Buffer.from([7, 0x80]))),
    extension(OID.extKeyUsage, false, sequence(oid(OID.serverAuth))),
    extension(OID.subjectAltName, false, sequence(...names.map(alternativeName))),
  );
  const body = sequence(
    der(0xa0, der(TAG.integer, Buffer.from([2]))),
    der(TAG.integer, serial),
    algorithm,
    name,
    sequence(time(now - BACKDATED_MS), time(now + validMs)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, extensions),
  );
  return sequence(body, algorithm, bits(sign('sha256', body, privateKey)));
}
