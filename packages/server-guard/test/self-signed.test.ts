import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeCertificate, ensureCertificateFile, makeSelfSigned } from '../src/index.js';
import { place } from './support/place.js';

describe('self-signed certificates', () => {
  test('are valid X.509 for their names, signed by their own key', () => {
    for (let count = 0; count < 50; count++) {
      const { certificate, key } = makeSelfSigned({
        names: ['vault.example', '127.0.0.1', '2001:db8::1', '::1'],
      });
      const parsed = new X509Certificate(certificate);
      expect(parsed.verify(parsed.publicKey)).toBe(true);
      expect(parsed.checkHost('vault.example')).toBe('vault.example');
      for (const address of ['127.0.0.1', '2001:db8::1', '::1'])
        expect(parsed.checkIP(address)).toBe(address);
      expect(parsed.checkHost('other.example')).toBe(undefined);
      expect(parsed.ca).toBe(false);
      expect(key).toContain('PRIVATE KEY');
    }
  });

  test('have a lifetime, a subject and a fingerprint to compare', () => {
    const { certificate } = makeSelfSigned({ names: ['x.example'], years: 2 });
    const { fingerprint, notAfter, subject, selfSigned } = describeCertificate(certificate);
    expect(fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    expect(notAfter.getUTCFullYear()).toBe(new Date().getUTCFullYear() + 2);
    expect(subject).toBe('CN=x.example');
    expect(selfSigned).toBe(true);
    expect(() => makeSelfSigned({ names: ['no name'] })).toThrow(RangeError);
    expect(() => describeCertificate('rubbish')).toThrow();
  });

  test('are read by OpenSSL, which finds nothing wrong', () => {
    const directory = place();
    const file = join(directory, 'certificate.pem');
    writeFileSync(file, makeSelfSigned({ names: ['localhost', '::1'] }).certificate);
    const text = execFileSync('openssl', ['x509', '-in', file, '-noout', '-text'], { encoding: 'utf8' });
    for (const part of [
      'DNS:localhost',
      'IP Address:0:0:0:0:0:0:0:1',
      'TLS Web Server Authentication',
      'Digital Signature',
    ])
      expect(text).toContain(part);
    expect(execFileSync('openssl', ['verify', '-CAfile', file, file], { encoding: 'utf8' })).toContain('OK');
  });

  test('the file is made once, for its owner only', () => {
    const directory = place();
    const file = join(directory, 'state', 'ftp.pem');
    expect(ensureCertificateFile(file)).toBe(true);
    const made = readFileSync(file, 'utf8');
    expect(ensureCertificateFile(file)).toBe(false);
    expect(readFileSync(file, 'utf8')).toBe(made);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});
