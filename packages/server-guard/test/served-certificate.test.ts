import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  describeCertificate,
  ensureCertificateFile,
  type LogLevel,
  makeSelfSigned,
  ServedCertificate,
} from '../src/index.js';
import { place } from './support/place.js';

interface Line {
  readonly level: LogLevel;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>> | undefined;
}

function recorder(): { lines: Line[]; log: (...args: [LogLevel, string, Line['details']?]) => void } {
  const lines: Line[] = [];
  return { lines, log: (level, message, details) => lines.push({ level, message, details }) };
}

describe('the certificate that a server shows', () => {
  test('follows its files, once both of them are new', () => {
    const [certificateFile, keyFile] = [join(place(), 'certificate.pem'), join(place(), 'key.pem')];
    const [first, second] = [makeSelfSigned(), makeSelfSigned()];
    writeFileSync(certificateFile, first.certificate);
    writeFileSync(keyFile, first.key, { mode: 0o600 });
    const { lines, log } = recorder();
    const served = new ServedCertificate({ certificateFile, keyFile }, log);
    expect(served.refresh()).toBe(false);
    expect(lines).toEqual([]);
    writeFileSync(certificateFile, second.certificate);
    expect(served.refresh()).toBe(false);
    expect(served.text).toEqual({ certificate: first.certificate, key: first.key });
    expect(lines.map(({ level }) => level)).toEqual(['error']);
    // The same unusable files are not complained of again.
    expect(served.refresh()).toBe(false);
    expect(lines).toHaveLength(1);
    writeFileSync(keyFile, second.key);
    expect(served.refresh()).toBe(true);
    expect(served.text).toEqual({ certificate: second.certificate, key: second.key });
    const { fingerprint } = describeCertificate(second.certificate);
    expect(served.identity.fingerprint).toBe(fingerprint);
    expect(lines.slice(1)).toEqual([
      { level: 'info', message: 'the certificate was reloaded', details: { fingerprint } },
    ]);
    expect(served.refresh()).toBe(false);
  });

  test('stays when its files go away', () => {
    const file = join(place(), 'both.pem');
    ensureCertificateFile(file);
    const { lines, log } = recorder();
    const served = new ServedCertificate({ certificateFile: file, keyFile: file }, log);
    const before = served.identity;
    rmSync(file);
    expect(served.refresh()).toBe(false);
    expect(served.identity).toEqual(before);
    expect(lines.map(({ level }) => level)).toEqual(['error']);
  });

  test('does not change when it is text', () => {
    const text = makeSelfSigned();
    const served = new ServedCertificate(text, recorder().log);
    expect(served.refresh()).toBe(false);
    expect(served.text.certificate).toBe(text.certificate);
  });

  test('fits its key', () => {
    const pair = { certificate: makeSelfSigned().certificate, key: makeSelfSigned().key };
    expect(() => new ServedCertificate(pair, recorder().log)).toThrow();
    const missing = join(place(), 'none.pem');
    const files = { certificateFile: missing, keyFile: missing };
    expect(() => new ServedCertificate(files, recorder().log)).toThrow(/ENOENT/);
  });

  test.each([
    [0o644, 1],
    [0o640, 0],
    [0o600, 0],
  ])('has a key whose permissions %i are warned of %i times', (mode, warnings) => {
    const file = join(place(), 'both.pem');
    ensureCertificateFile(file);
    chmodSync(file, mode);
    const { lines, log } = recorder();
    const served = new ServedCertificate({ certificateFile: file, keyFile: file }, log);
    const found = (): Line[] => lines.filter(({ message }) => message.includes('can be read by other users'));
    expect(found()).toHaveLength(warnings);
    const { certificate, key } = makeSelfSigned();
    writeFileSync(file, certificate + key);
    expect(served.refresh()).toBe(true);
    expect(found()).toHaveLength(2 * warnings);
  });
});
