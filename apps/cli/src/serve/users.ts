import { readFile } from 'node:fs/promises';
import type { AuthorizedKeys, UserDirectory } from '@latchkey/adapter-sftp';
import type { VaultSession } from '@latchkey/vault';
import type { ConfiguredUser } from '../config/schema.js';
import { Failure } from '../failure.js';
import { parsePasswordHash, unmatchable, verifyPassword } from './password-hash.js';
import { RememberedPasswords } from './remembered-passwords.js';

type PasswordHash = ReturnType<typeof unmatchable>;

interface KnownUser {
  readonly password: PasswordHash | undefined;
  readonly keys: readonly string[];
}

/** An OpenSSH public key line without options: an option that restricts must not be dropped in silence. */
const KEY_LINE = /^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)|ssh-rsa)\s+[A-Za-z0-9+/]+={0,2}(\s|$)/;

/** Reads and checks what the configuration says of its users. */
export async function loadUsers(configured: readonly ConfiguredUser[]): Promise<Map<string, KnownUser>> {
  const users = new Map<string, KnownUser>();
  for (const user of configured) {
    if (users.has(user.name)) throw new Failure('usage', `user ${user.name} is configured twice`);
    const password = user.password === undefined ? undefined : parsePasswordHash(user.password);
    if (user.password !== undefined && password === undefined) {
      throw new Failure('usage', `user ${user.name}: the password hash is not one that this program makes`, {
        hint: '`latchkey password` makes one',
      });
    }
    const listed = (user['authorized-keys'] ?? []).map((line) => keyLine(line, `user ${user.name}`));
    const file = user['authorized-keys-file'];
    const keys = [...listed, ...(file === undefined ? [] : await keysInFile(file))];
    if (password === undefined && keys.length === 0) {
      throw new Failure('usage', `user ${user.name} has neither a password nor a key and could never log in`);
    }
    users.set(user.name, { password, keys });
  }
  return users;
}

async function keysInFile(path: string): Promise<string[]> {
  const lines = (await readFile(path, 'utf8')).split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => keyLine(line, path));
}

function keyLine(line: string, where: string): string {
  if (KEY_LINE.test(line.trim())) return line.trim();
  throw new Failure(
    'usage',
    `${where}: this is not a public key line without options: ${line.slice(0, 40)}`,
    {
      hint: 'Ed25519, ECDSA and RSA keys are taken, as in ~/.ssh/id_ed25519.pub',
    },
  );
}

/** Who may log in. Every user of this release is the owner and sees the whole vault. */
export class ConfiguredUsers implements UserDirectory {
  private readonly nobody = unmatchable();

  private readonly remembered = new RememberedPasswords();

  constructor(
    private readonly users: ReadonlyMap<string, KnownUser>,
    private readonly session: () => VaultSession,
  ) {}

  /** Whether anybody could log in without a key. */
  get anyPassword(): boolean {
    return [...this.users.values()].some(({ password }) => password !== undefined);
  }

  /** The first that is configured. */
  get first(): string {
    const [name] = this.users.keys();
    if (name === undefined) throw new RangeError('there are no users');
    return name;
  }

  has(user: string): boolean {
    return this.users.has(user);
  }

  async verifyPassword(user: string, password: string): Promise<VaultSession | undefined> {
    const known = this.users.get(user)?.password;
    if (known !== undefined && this.remembered.has(user, password)) return this.session();
    // An unknown name costs what a known one costs.
    const right = await verifyPassword(password, known ?? this.nobody);
    if (!right || known === undefined) return undefined;
    this.remembered.add(user, password);
    return this.session();
  }

  authorizedKeys(user: string): AuthorizedKeys | undefined {
    const keys = this.users.get(user)?.keys;
    return keys === undefined || keys.length === 0 ? undefined : { keys, session: this.session() };
  }
}
