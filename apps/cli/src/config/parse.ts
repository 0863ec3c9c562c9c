import { dirname } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import type { z } from 'zod';
import { Failure } from '../failure.js';
import { resolvePath } from './paths.js';
import { type ConfigurationFile, configurationFile } from './schema.js';

/** What the text of a configuration file says. Throws a `usage` failure that tells where it is wrong. */
export function parseConfiguration(path: string, text: string): ConfigurationFile {
  let raw: unknown;
  try {
    raw = parse(text);
  } catch (error) {
    // The parser's own message quotes the line, which may hold a secret: say where, not what.
    const where = error instanceof TomlError ? `, line ${error.line}, column ${error.column}` : '';
    throw new Failure('usage', `${path}${where}: this is not valid TOML`);
  }
  const result = configurationFile.safeParse(raw);
  if (!result.success) throw invalid(path, result.error.issues);
  return relativeTo(dirname(path), result.data);
}

function invalid(path: string, issues: readonly z.core.$ZodIssue[]): Failure {
  const [first] = issues;
  if (first === undefined) return new Failure('usage', `${path}: not a valid configuration`);
  const at = first.path.map((part) => (typeof part === 'number' ? `${part + 1}` : String(part)));
  if (first.code === 'unrecognized_keys') {
    const keys = first.keys.map((key) => [...at, key].join('.')).join(', ');
    return new Failure('usage', `${path}: unknown key ${keys}`, { hint: 'docs/cli.md lists every key' });
  }
  return new Failure('usage', `${path}: ${at.join('.')}: ${lowerFirst(first.message)}`);
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}

/** Paths in the file are relative to the file, so that it means the same from every working directory. */
function relativeTo(base: string, values: ConfigurationFile): ConfigurationFile {
  const at = (path: string): string => resolvePath(path, base);
  return {
    ...values,
    ...(values.vault === undefined ? {} : { vault: at(values.vault) }),
    ...(values.state === undefined ? {} : { state: at(values.state) }),
    ...(values['passphrase-file'] === undefined ? {} : { 'passphrase-file': at(values['passphrase-file']) }),
    ...(values.sftp?.['host-key'] === undefined
      ? {}
      : { sftp: { ...values.sftp, 'host-key': at(values.sftp['host-key']) } }),
    ...(values.ftp === undefined ? {} : { ftp: { ...values.ftp, ...certificateAt(values.ftp, at) } }),
    ...(values.s3 === undefined ? {} : { s3: { ...values.s3, ...certificateAt(values.s3, at) } }),
    ...(values.users === undefined
      ? {}
      : {
          users: values.users.map((user) =>
            user['authorized-keys-file'] === undefined
              ? user
              : { ...user, 'authorized-keys-file': at(user['authorized-keys-file']) },
          ),
        }),
  };
}

function certificateAt(
  { certificate, key }: { readonly certificate?: string | undefined; readonly key?: string | undefined },
  at: (path: string) => string,
): { certificate?: string; key?: string } {
  return {
    ...(certificate === undefined ? {} : { certificate: at(certificate) }),
    ...(key === undefined ? {} : { key: at(key) }),
  };
}
