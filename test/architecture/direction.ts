import { builtinModules } from 'node:module';
import path from 'node:path';
import { importsOf, nodeGlobals, parse } from './syntax.js';

/**
 * The import direction of the workspace (docs/architecture.md), as data: what the source of a package may import of
 * the others. An app may import every package; nobody imports an app.
 */
const MAY_IMPORT: readonly { readonly of: RegExp; readonly packages: RegExp }[] = [
  { of: /^packages\/encryption$/, packages: /^$/ },
  { of: /^packages\/store$/, packages: /^$/ },
  { of: /^packages\/store-[a-z0-9]+$/, packages: /^store$/ },
  { of: /^packages\/vault$/, packages: /^(encryption|store)$/ },
  { of: /^packages\/server-guard$/, packages: /^$/ },
  { of: /^packages\/adapter-[a-z0-9]+$/, packages: /^(vault|server-guard)$/ },
  { of: /^apps\/[a-z0-9]+$/, packages: /./ },
];

/** The encryption package computes, in several threads where there are, and does no input or output, in Node either. */
const ENCRYPTION_NODE_MODULES: readonly string[] = [
  'node:buffer',
  'node:crypto',
  'node:os',
  'node:util',
  'node:worker_threads',
  'node:zlib',
];

/** The packages of apps/, none of which may be imported. */
export type AppNames = ReadonlySet<string>;

/** What is wrong with the imports of one file, a sentence each. */
export function violations(file: string, text: string, apps: AppNames): string[] {
  const source = parse(file, text);
  const home = file.split('/').slice(0, 2).join('/');
  const inSource = file.startsWith(`${home}/src/`);
  const found: string[] = [];
  for (const { specifier, line } of importsOf(source)) {
    const reason =
      whyNotAnywhere(file, home, specifier, apps) ??
      (inSource ? whyNotInSource(file, home, specifier) : undefined);
    if (reason) found.push(`${file}:${line} imports ${specifier}: ${reason}`);
  }
  if (isPortable(file)) {
    for (const use of nodeGlobals(source)) found.push(`${file} uses Node's ${use}: it must run in a browser`);
  }
  return found;
}

function whyNotAnywhere(file: string, home: string, specifier: string, apps: AppNames): string | undefined {
  if (specifier === '<computed>') return 'a computed import hides what it imports';
  const name = /^@latchkey\/([^/]+)/.exec(specifier)?.[1];
  if (name !== undefined && apps.has(name) && home !== `apps/${name}`) return 'nobody imports an app';
  if (builtinModules.includes(specifier.split('/')[0] ?? '')) return 'modules of Node are written with node:';
  if (specifier.startsWith('.') && file.startsWith(`${home}/src/`)) {
    const target = path.posix.join(path.posix.dirname(file), specifier);
    if (!target.startsWith(`${home}/src/`)) return 'source stays inside its own src';
  }
  return undefined;
}

function whyNotInSource(file: string, home: string, specifier: string): string | undefined {
  const name = /^@latchkey\/([^/]+)/.exec(specifier)?.[1];
  const rule = MAY_IMPORT.find(({ of }) => of.test(home));
  if (name !== undefined && !rule?.packages.test(name)) {
    return rule ? `${home} may not see ${name}` : `${home} has no rule in test/architecture/direction.ts`;
  }
  if (home !== 'packages/encryption') return undefined;
  if (isPortable(file)) {
    if (specifier.startsWith('node:') || specifier.startsWith('@node-rs/'))
      return 'only src/node may know Node';
    const target = path.posix.join(path.posix.dirname(file), specifier);
    if (specifier.startsWith('.') && target.startsWith(`${home}/src/node/`))
      return 'only src/node may know Node';
  } else if (specifier.startsWith('node:') && !ENCRYPTION_NODE_MODULES.includes(specifier)) {
    return 'the encryption package does no input or output';
  }
  return undefined;
}

/** Source of the encryption package that must run where there is no Node. */
function isPortable(file: string): boolean {
  return file.startsWith('packages/encryption/src/') && !file.startsWith('packages/encryption/src/node/');
}
