import { describe, expect, it } from 'vitest';
import { violations } from './direction.js';
import { isSource, projectFiles, readProjectFile } from './sources.js';

const files = projectFiles().filter((file) => /^(packages|apps|test)\//.test(file) && isSource(file));
const apps = new Set(
  projectFiles().flatMap((file) =>
    /^apps\/[^/]+\/package\.json$/.test(file) ? [file.split('/')[1] ?? ''] : [],
  ),
);

describe('import direction', () => {
  it('holds in every source file', () => {
    expect(files.length).toBeGreaterThan(20);
    expect(files.flatMap((file) => violations(file, readProjectFile(file), apps))).toEqual([]);
  });

  it('holds in what the packages declare', () => {
    const found = projectFiles()
      .filter((file) => /^(packages|apps)\/[^/]+\/package\.json$/.test(file))
      .flatMap((file) => {
        const manifest: unknown = JSON.parse(readProjectFile(file));
        const declared = Object.keys(
          (manifest as { dependencies?: Record<string, string> }).dependencies ?? {},
        );
        const text = declared.map((name) => `import '${name}';`).join('\n');
        const folder = file.slice(0, -'package.json'.length);
        // Third-party packages of encryption are judged file by file: which of them is Node's own shows there.
        return violations(
          `${folder}src/${folder.includes('encryption') ? 'node/' : ''}declared.ts`,
          text,
          apps,
        );
      });
    expect(found).toEqual([]);
  });

  const refused: [string, string, string][] = [
    ['packages/encryption/src/head.ts', "import type { Store } from '@latchkey/store';", 'may not see store'],
    ['packages/encryption/src/head.ts', "import { createHash } from 'node:crypto';", 'only src/node'],
    ['packages/encryption/src/head.ts', "export * from './node/provider.js';", 'only src/node'],
    ['packages/encryption/src/head.ts', "import { hash } from '@node-rs/argon2';", 'only src/node'],
    ['packages/encryption/src/head.ts', 'export const x = Buffer.alloc(1);', 'must run in a browser'],
    [
      'packages/encryption/src/node/aes.ts',
      "import { readFile } from 'node:fs/promises';",
      'no input or output',
    ],
    ['packages/encryption/src/node/aes.ts', "import { createHash } from 'crypto';", 'written with node:'],
    [
      'packages/store/src/memory.ts',
      "import { seal } from '@latchkey/encryption';",
      'may not see encryption',
    ],
    [
      'packages/store-file/src/store.ts',
      "import type { Entry } from '@latchkey/vault';",
      'may not see vault',
    ],
    [
      'packages/store-s3/src/store.ts',
      "import { FileStore } from '@latchkey/store-file';",
      'may not see store-file',
    ],
    [
      'packages/vault/src/tree.ts',
      "import { FileStore } from '@latchkey/store-file';",
      'may not see store-file',
    ],
    [
      'packages/vault/src/tree.ts',
      "const m = await import('@latchkey/adapter-sftp');",
      'may not see adapter-sftp',
    ],
    ['packages/adapter-sftp/src/server.ts', "import '@latchkey/store';", 'may not see store'],
    [
      'packages/adapter-sftp/src/server.ts',
      "type K = import('@latchkey/encryption').Key;",
      'may not see encryption',
    ],
    [
      'packages/adapter-sftp/src/server.ts',
      "import { x } from '../../vault/src/tree.js';",
      'inside its own src',
    ],
    [
      'packages/server-guard/src/admission.ts',
      "import type { VaultSession } from '@latchkey/vault';",
      'may not see vault',
    ],
    ['packages/vault/src/tree.ts', "import '@latchkey/server-guard';", 'may not see server-guard'],
    ['packages/adapter-ftp/src/server.ts', "import '@latchkey/adapter-sftp';", 'may not see adapter-sftp'],
    [
      'packages/adapter-sftp/test/server.test.ts',
      "import { main } from '@latchkey/cli';",
      'nobody imports an app',
    ],
    ['test/interop/server.ts', "import { main } from '@latchkey/cli';", 'nobody imports an app'],
    ['packages/vault/src/tree.ts', 'const m = await import(name);', 'computed import'],
    ['packages/novelty/src/index.ts', "import '@latchkey/store';", 'has no rule'],
  ];
  it.each(refused)('refuses in %s: %s', (file, text, reason) => {
    expect(violations(file, text, new Set(['cli']))).toEqual([expect.stringContaining(reason)]);
  });

  const accepted: [string, string][] = [
    ['packages/encryption/src/node/aes.ts', "import { createCipheriv } from 'node:crypto';"],
    ['packages/store-file/src/store.ts', "import type { Store } from '@latchkey/store';"],
    ['packages/vault/src/tree.ts', "import { seal } from '@latchkey/encryption'; import '@latchkey/store';"],
    ['packages/adapter-sftp/src/server.ts', "import type { VaultSession } from '@latchkey/vault';"],
    ['packages/adapter-ftp/src/server.ts', "import { Slots } from '@latchkey/server-guard';"],
    ['apps/cli/src/main.ts', "import '@latchkey/adapter-sftp'; import '@latchkey/store-file';"],
  ];
  it.each(accepted)('accepts in %s: %s', (file, text) => {
    expect(violations(file, text, new Set(['cli']))).toEqual([]);
  });
});
