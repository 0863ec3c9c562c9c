import type { CryptoProvider, MapRef, SealedRecord } from '../../src/index.js';
import * as format from '../../src/index.js';
import { decodeMapRef } from '../../src/pieces.js';
import { toHex } from '../bytes.js';
import { Inputs } from './inputs.js';
import type { Json } from './vector.js';

type Output = { readonly [key: string]: Json };

function records(items: readonly SealedRecord[]): Json {
  return items.map(({ key, listing, content, signature }) => ({
    key,
    listing: toHex(listing),
    content: toHex(content),
    signature: toHex(signature),
  }));
}

function refs(items: readonly format.PageRef[]): Json {
  return items.map(({ firstKey, blob, count, sha256 }) => ({
    firstKey,
    blob: toHex(blob),
    count,
    sha256: toHex(sha256),
  }));
}

function pieces(items: readonly format.Piece[]): Json {
  return items.map((piece): Json => {
    if (piece.kind === 'hole') return { kind: 'hole', length: piece.length };
    if (piece.kind === 'literal') return { kind: 'literal', bytes: toHex(piece.bytes) };
    const { kind, segment, key, root, segmentSize, offset, length } = piece;
    return { kind, segment: toHex(segment), key: toHex(key), root: toHex(root), segmentSize, offset, length };
  });
}

function identity({ uid, generation, readSecret }: format.DirectoryIdentity): Json {
  return { uid: toHex(uid), generation, readSecret: toHex(readSecret) };
}

function openSegment(p: CryptoProvider, inputs: Inputs, blob: Uint8Array): Output {
  const size = inputs.number('segmentSize');
  if (blob.length !== format.segmentBlobSize(size)) throw new format.EncryptionError('damaged', 'wrong size');
  const cut = ({ offset, length }: format.SegmentRange): Uint8Array => blob.subarray(offset, offset + length);
  const header = cut({ offset: 0, length: format.SEGMENT_HEADER_BYTES });
  const ref = { key: inputs.bytes('key'), root: inputs.bytes('root'), segmentSize: size };
  const opener = new format.SegmentOpener(
    p,
    inputs.bytes('vaultId'),
    ref,
    header,
    cut(format.trailerRange(size)),
  );
  const hash = p.createHash('sha256');
  for (let i = 0; i < format.chunkCount(size); i++)
    hash.update(opener.open(i, cut(format.chunkRange(i, size))));
  return { sha256: toHex(hash.digest()) };
}

type Operation = (p: CryptoProvider, inputs: Inputs) => Output | Promise<Output>;

export const OPERATIONS: { readonly [name: string]: Operation } = {
  'cbor-decode': (_p, inputs) => ({
    bytes: toHex(format.encodeCbor(format.decodeCbor(inputs.bytes('bytes')))),
  }),

  kdf: (p, inputs) => {
    const context = inputs.list('context').map((item) => format.decodeCbor(item));
    return {
      key: toHex(
        format.kdf(p, inputs.bytes('key'), inputs.text('label'), inputs.bytes('vaultId'), ...context),
      ),
    };
  },

  open: (p, inputs) => ({
    plaintext: toHex(
      format.open(
        p,
        inputs.bytes('key'),
        inputs.text('label'),
        inputs.bytes('vaultId'),
        inputs.bytes('ad'),
        inputs.bytes('box'),
      ),
    ),
  }),

  'root-keys': (p, inputs) => {
    const keys = format.deriveRootKeys(p, inputs.bytes('vaultId'), inputs.bytes('rootSecret'));
    return Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, toHex(key as Uint8Array)]));
  },

  'derive-directory': (p, inputs) => {
    const keys = inputs.directory(p);
    return {
      listSecret: toHex(keys.listSecret),
      place: keys.place,
      listingKey: toHex(keys.listingKey),
      contentKey: toHex(keys.contentKey),
    };
  },

  argon2id: async (p, inputs) => ({
    key: toHex(
      await p.argon2id(inputs.bytes('passphrase'), inputs.bytes('salt'), {
        memoryKiB: inputs.number('memoryKiB'),
        passes: inputs.number('passes'),
        lanes: inputs.number('lanes'),
      }),
    ),
  }),

  'parse-header': (_p, inputs) => {
    const { unverified: header } = format.parseHeader(inputs.bytes('header'));
    return { vaultId: toHex(header.vaultId), revision: header.revision, slots: header.slots.length };
  },

  'unlock-passphrase': async (p, inputs) => {
    const parsed = format.parseHeader(inputs.bytes('header'));
    return { rootSecret: toHex(await format.unlockWithPassphrase(p, parsed, inputs.text('passphrase'))) };
  },

  'unlock-words': (p, inputs) => {
    const parsed = format.parseHeader(inputs.bytes('header'));
    return { rootSecret: toHex(format.unlockWithWords(p, parsed, inputs.text('words'))) };
  },

  'verify-header': (p, inputs) => {
    const parsed = format.parseHeader(inputs.bytes('header'));
    const { top, author } = format.verifyHeader(p, parsed, inputs.bytes('rootSecret'));
    return {
      uid: toHex(top.uid),
      generation: top.generation,
      readSecret: toHex(top.readSecret),
      linkId: toHex(top.linkId),
      certificateId: toHex(author.certificateId),
    };
  },

  'decode-listing': (_p, inputs) => {
    const fields = format.decodeListing(inputs.bytes('listing'));
    return { kind: fields.kind, size: fields.size, revision: fields.revision, mode: fields.mode };
  },

  'decode-content': (_p, inputs) => ({
    pieces: pieces(format.decodeContent(inputs.bytes('content')).pieces ?? []),
  }),

  'verify-record': (p, inputs) => {
    const verifier = {
      vaultId: inputs.bytes('vaultId'),
      publicKey: inputs.bytes('publicKey'),
      certificateId: inputs.bytes('certificateId'),
      ...(inputs.has('selfTagKey') ? { selfTagKey: inputs.bytes('selfTagKey') } : {}),
    };
    const fields = format.verifyRecord(p, verifier, inputs.bytes('uid'), {
      key: inputs.text('key'),
      listing: inputs.bytes('listing'),
      content: inputs.bytes('content'),
      signature: inputs.bytes('signature'),
    });
    return { kind: fields.kind, size: fields.size };
  },

  'open-head': (p, inputs) => {
    const head = format.openHead(
      p,
      inputs.directory(p),
      inputs.bytes('vaultId'),
      inputs.bytes('head'),
      inputs.bytes('publicKey'),
    );
    return {
      revision: head.revision,
      state: head.state,
      linkId: toHex(head.linkId),
      changes: records(head.changes),
      level: head.level,
      tree: refs(head.tree),
      counters: [head.counters.files, head.counters.directories, head.counters.bytes],
      operations: head.operations.map(toHex),
      releases: head.releases.map(({ seconds, blobs, kind }) => ({ seconds, blobs: blobs.map(toHex), kind })),
      epoch: head.epoch,
      escrow: toHex(head.escrow),
    };
  },

  'open-page': (p, inputs) => {
    const bytes = inputs.bytes('page');
    if (!format.equalBytes(format.pageDigest(p, bytes), inputs.bytes('sha256'))) {
      throw new format.EncryptionError('damaged', 'page is not the one that was signed');
    }
    const page = format.openPage(
      p,
      inputs.directory(p),
      inputs.bytes('vaultId'),
      inputs.bytes('blob'),
      bytes,
    );
    return { level: page.level, records: records(page.records()), refs: refs(page.refs) };
  },

  'open-map': (p, inputs) => {
    const ref: MapRef = decodeMapRef(format.decodeCbor(inputs.bytes('ref')));
    const map = format.openMap(p, inputs.bytes('vaultId'), ref, inputs.bytes('map'));
    return { level: map.level, pieces: pieces(map.pieces), refs: map.refs.map((item) => toHex(item.blob)) };
  },

  'open-segment': (p, inputs) => openSegment(p, inputs, inputs.bytes('blob')),

  'open-segment-file': (p, inputs) => openSegment(p, inputs, inputs.segment()),

  'open-escrow': (p, inputs) => {
    const fields = format.openEscrow(
      p,
      inputs.bytes('escrowSecret'),
      inputs.bytes('vaultId'),
      inputs.bytes('escrow'),
    );
    return {
      uid: toHex(fields.uid),
      generation: fields.generation,
      readSecret: toHex(fields.readSecret),
      parentUid: toHex(fields.parentUid),
      name: fields.name,
    };
  },

  'hpke-open': (p, inputs) => ({
    plaintext: toHex(
      format.hpkeOpen(p, inputs.bytes('secret'), inputs.bytes('info'), inputs.bytes('aad'), {
        enc: inputs.bytes('enc'),
        ct: inputs.bytes('ct'),
      }),
    ),
  }),

  'open-lease': (p, inputs) => {
    const lease = format.openLease(
      p,
      inputs.bytes('vaultId'),
      inputs.bytes('leaseKey'),
      inputs.bytes('session'),
      inputs.bytes('lease'),
    );
    return { started: lease.started, state: lease.state };
  },

  'open-moves': (p, inputs) => {
    const move = format.openMoves(
      p,
      inputs.bytes('vaultId'),
      inputs.bytes('movesKey'),
      inputs.bytes('moves'),
    );
    if (move === undefined) return { free: true };
    return { id: toHex(move.id), child: identity(move.child), unfenced: move.unfenced.map(identity) };
  },

  'open-mark': (p, inputs) => {
    const place = { uid: inputs.bytes('uid'), key: inputs.text('key') };
    const { vaultId, movesKey, sealed } = {
      vaultId: inputs.bytes('vaultId'),
      movesKey: inputs.bytes('movesKey'),
      sealed: inputs.bytes('mark'),
    };
    const { operation, target, newest } = format.openMark(p, vaultId, movesKey, place, sealed);
    return {
      operation: toHex(operation),
      target: identity(target),
      newest: newest === undefined ? '' : toHex(newest),
    };
  },

  'open-releases': (p, inputs) => {
    const directory = inputs.directory(p);
    const releases = format.openReleases(
      p,
      directory,
      inputs.bytes('vaultId'),
      inputs.bytes('blob'),
      inputs.bytes('releases'),
    );
    return {
      releases: releases.map(({ seconds, blobs, kind }) => ({ seconds, blobs: blobs.map(toHex), kind })),
    };
  },

  'verify-chain': (p, inputs) => {
    const chain = format.verifyChain(
      p,
      inputs.bytes('vaultId'),
      inputs.bytes('rootPublicKey'),
      inputs.list('chain'),
    );
    return { ids: chain.map((certificate) => toHex(certificate.id)) };
  },

  'ed25519-verify': (p, inputs) => {
    if (p.ed25519Verify(inputs.bytes('publicKey'), inputs.bytes('message'), inputs.bytes('signature')))
      return {};
    throw new format.EncryptionError('damaged', 'signature is not valid');
  },

  x25519: (p, inputs) => ({ shared: toHex(p.x25519(inputs.bytes('secret'), inputs.bytes('publicKey'))) }),

  'check-name': (_p, inputs) => {
    format.checkName(inputs.text('name'));
    return { bytes: format.utf8Length(inputs.text('name')) };
  },

  'compare-keys': (_p, inputs) => ({
    order: Math.sign(format.compareKeys(inputs.text('a'), inputs.text('b'))),
  }),
  'base32-decode': (_p, inputs) => ({ bytes: toHex(format.base32Decode(inputs.text('text'))) }),
  'padme-size': (_p, inputs) => ({ padded: format.padmeSize(inputs.number('length')) }),
};

export function run(p: CryptoProvider, operation: string, inputs: Output): Output | Promise<Output> {
  const perform = OPERATIONS[operation];
  if (perform === undefined) throw new TypeError(`no such operation: ${operation}`);
  return perform(p, new Inputs(inputs));
}
