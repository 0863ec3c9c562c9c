import {
  type Argon2Cost,
  addPassphraseSlot,
  addRecoverySlot,
  type CryptoProvider,
  createVault,
  deriveRootKeys,
  EncryptionError,
  encodeHeader,
  keyFingerprint,
  type Padding,
  type ParsedHeader,
  parseHeader,
  removeSlot,
  unlockWithPassphrase,
  unlockWithWords,
  type VaultHeader,
  verifyHeader,
} from '@latchkey/encryption';
import type { Store, StoreKey } from '@latchkey/store';
import { sameBytes, toHex } from './bytes.js';
import type { VaultContext } from './context.js';
import { VaultError } from './errors.js';
import { DigestCache } from './files/digest.js';
import {
  abandonedRoots,
  createHeaders,
  readHeaders,
  replaceHeaders,
  usableHeaders,
} from './header/header-store.js';
import { type CheckOptions, type CheckReport, checkVault } from './maintenance/check.js';
import { collectGarbage, type GcOptions, type GcReport } from './maintenance/gc.js';
import { emptyHead, escrowOf } from './names/make-directory.js';

import { endOwnMoves } from './names/moves-register.js';
import type { ObjectSession } from './object-session.js';

import { makeContext, type VaultSettings } from './open-context.js';
import { OwnerSession } from './owner-session.js';
import { requireSwaps } from './swap-race.js';
import { asVaultError } from './translate.js';

export interface CreateVaultOptions {
  readonly store: Store;
  readonly provider: CryptoProvider;
  /** 1 to 1,024 bytes of UTF-8; normalised to NFC. */
  readonly passphrase: string;
  /** Cost of Argon2id; 64 MiB, 3 passes and 4 lanes unless said otherwise. */
  readonly kdf?: Argon2Cost;
  readonly padding?: Padding;
}

export interface OpenVaultOptions extends VaultSettings {
  readonly store: Store;
  readonly provider: CryptoProvider;
  /** Either this or `words`. */
  readonly passphrase?: string;
  /** The 24 recovery words. */
  readonly words?: string;
}

export interface SlotInfo {
  /** Hexadecimal. */
  readonly id: string;
  readonly type: 'passphrase' | 'recovery';
  readonly label: string;
  readonly memoryKiB?: number;
  readonly passes?: number;
  readonly lanes?: number;
}

export interface VaultInfo {
  /** Hexadecimal. */
  readonly vaultId: string;
  /** Of the root key, for people to compare. */
  readonly fingerprint: string;
  readonly format: number;
  readonly suite: number;
  readonly slots: readonly SlotInfo[];
  readonly padding: Padding;
  readonly headerRevision: number;
}

/** An open vault: the encrypted tree over a store. Every method rejects with a `VaultError`. */
export class Vault {
  readonly #context: VaultContext;
  readonly #rootSecret: Uint8Array;
  readonly #digests = new DigestCache();
  #header: VaultHeader;

  private constructor(context: VaultContext, header: VaultHeader, rootSecret: Uint8Array) {
    this.#context = context;
    this.#header = header;
    this.#rootSecret = rootSecret;
  }

  /** Whether there is a vault in `store`, whole or damaged. Needs no passphrase. */
  static async isIn(store: Store): Promise<boolean> {
    return (await readHeaders(store)).some((copy) => copy.etag !== null);
  }

  /** Makes a vault in an empty store and opens it. Throws `exists` when there is one already. */
  static async create(options: CreateVaultOptions): Promise<Vault> {
    const { store, provider } = options;
    try {
      if (await Vault.isIn(store))
        throw new VaultError('exists', 'the store holds a vault already; nothing was changed');
      const made = createVault(provider, options.padding === undefined ? {} : { padding: options.padding });
      const header = await addPassphraseSlot(
        provider,
        made.header,
        made.rootSecret,
        options.passphrase,
        options.kdf,
      );
      const keys = deriveRootKeys(provider, header.vaultId, made.rootSecret);
      const vault = await Vault.#unlocked(
        options,
        parseHeader(encodeHeader(provider, header, keys)),
        made.rootSecret,
      );
      const context = vault.#context;
      const root = context.directories.of(context.rootIdentity);
      const escrow = escrowOf(context, context.rootIdentity, context.rootIdentity.uid, '');
      await root.swap(emptyHead(context.rootLinkId, escrow), null);
      let strange: StoreKey[];
      try {
        strange = await abandonedRoots(store, root.register);
        await createHeaders(store, provider, header, keys);
      } catch (error) {
        if (error instanceof VaultError && error.code === 'exists')
          await store.delete([root.register]).catch(() => undefined);
        throw error;
      }
      if (strange.length > 0) await store.delete(strange).catch(() => undefined);
      return vault;
    } catch (error) {
      throw asVaultError(error);
    }
  }

  /** Throws `wrong-passphrase`, `no-vault`, `damaged`, `unsupported`. Nothing in the store changes. */
  static async open(options: OpenVaultOptions): Promise<Vault> {
    const { store, provider, passphrase, words } = options;
    try {
      const usable = usableHeaders(await readHeaders(store));
      let failure: unknown;
      for (const parsed of usable) {
        try {
          const rootSecret =
            words === undefined
              ? await unlockWithPassphrase(provider, parsed, passphrase ?? '')
              : unlockWithWords(provider, parsed, words);
          return await Vault.#unlocked(options, parsed, rootSecret);
        } catch (error) {
          // The first copy's answer counts, unless another one opens.
          failure ??= error;
          const wrong = error instanceof EncryptionError && error.code === 'wrong-secret';
          // Equal copies have equal slots, and trying a passphrase on one costs a second.
          if (wrong && usable.every((copy) => sameBytes(copy.signed.body, parsed.signed.body))) break;
        }
      }
      throw failure;
    } catch (error) {
      throw asVaultError(error, error instanceof VaultError ? undefined : 'the vault header');
    }
  }

  static async #unlocked(
    options: OpenVaultOptions,
    parsed: ParsedHeader,
    rootSecret: Uint8Array,
  ): Promise<Vault> {
    const { header, keys, top, author } = verifyHeader(options.provider, parsed, rootSecret);
    await requireSwaps(options.store, options.provider);
    const context = makeContext(options, { header, keys, top, author });
    return new Vault(context, header, rootSecret);
  }

  /** What the owner may do. Sessions of one vault share its caches. */
  session(): ObjectSession {
    return new OwnerSession(this.#context, this.#digests);
  }

  async info(): Promise<VaultInfo> {
    const header = this.#header;
    return {
      vaultId: toHex(header.vaultId),
      fingerprint: toHex(keyFingerprint(this.#context.provider, header.rootPublicKey)),
      format: 1,
      suite: 1,
      slots: header.slots.map((slot) => ({
        id: toHex(slot.id),
        type: slot.type,
        label: slot.label,
        ...(slot.type === 'passphrase' ? slot.cost : {}),
      })),
      padding: header.padding,
      headerRevision: header.revision,
    };
  }

  /** Replaces every passphrase slot by one for `passphrase`. No data is touched; recovery words stay good. */
  async setPassphrase(passphrase: string, kdf?: Argon2Cost): Promise<void> {
    await this.#changeHeader(async (header) => {
      const kept = header.slots.filter((slot) => slot.type !== 'passphrase');
      return addPassphraseSlot(
        this.#context.provider,
        { ...header, slots: kept },
        this.#rootSecret,
        passphrase,
        kdf,
      );
    });
  }

  /** Adds a recovery slot and returns its 24 words, which are kept nowhere. */
  async addRecovery(label?: string): Promise<string> {
    let words = '';
    await this.#changeHeader(async (header) => {
      const added = addRecoverySlot(this.#context.provider, header, this.#rootSecret, label);
      words = added.words;
      return added.header;
    });
    return words;
  }

  /** Removes a key slot by its hexadecimal id. The last one stays. */
  async removeSlot(id: string): Promise<void> {
    await this.#changeHeader(async (header) => {
      const slot = header.slots.find((one) => toHex(one.id) === id);
      if (slot === undefined) throw new VaultError('not-found', `no key slot ${id}`);
      if (header.slots.length === 1)
        throw new VaultError('invalid-argument', 'the last key slot cannot be removed');
      return removeSlot(header, slot.id);
    });
  }

  check(options: CheckOptions = {}): Promise<CheckReport> {
    return checkVault(this.#context, options).catch(translated);
  }

  gc(options: GcOptions = {}): Promise<GcReport> {
    return collectGarbage(this.#context, options).catch(translated);
  }

  /** Ends background work and the lease. The store stays open: whoever opened it closes it. */
  async close(): Promise<void> {
    await endOwnMoves(this.#context);
    await this.#context.sweeper.close();
    await this.#context.writer.close();
  }

  async #changeHeader(change: (header: VaultHeader) => Promise<VaultHeader>): Promise<void> {
    const { provider, store, keys } = this.#context;
    try {
      const [newest] = usableHeaders(await readHeaders(store));
      const current = verifyHeader(provider, newest as ParsedHeader, this.#rootSecret).header;
      const next = { ...(await change(current)), revision: current.revision + 1 };
      await replaceHeaders(store, provider, next, keys);
      this.#header = next;
    } catch (error) {
      throw asVaultError(error, error instanceof VaultError ? undefined : 'the vault header');
    }
  }
}

function translated(error: unknown): never {
  throw asVaultError(error);
}
