import type { CryptoProvider } from '../../src/provider.js';
import { boxVectors } from './make-boxes.js';
import { certificateVectors } from './make-certificates.js';
import { headerVectors } from './make-header.js';
import { headVectors } from './make-heads.js';
import { moveVectors } from './make-moves.js';
import { cborVectors, nameVectors, publicKeyVectors, sealVectors } from './make-primitives.js';
import { recordVectors } from './make-records.js';
import { segmentVectors } from './make-segment.js';
import type { VectorFile } from './vector.js';
import { makeWorld } from './world.js';

/** All published vectors, made from fixed seeds: the same ones every time, with every provider. */
export async function makeVectors(
  p: CryptoProvider,
): Promise<{ files: Record<string, VectorFile>; segment: Uint8Array }> {
  const world = await makeWorld(p, 'the vault');
  const other = await makeWorld(p, 'another vault');
  const segments = await segmentVectors(world);
  const files = {
    cbor: await cborVectors(world),
    seal: await sealVectors(world),
    'public-keys': await publicKeyVectors(world),
    names: await nameVectors(world),
    header: await headerVectors(world, other),
    certificates: await certificateVectors(world, other),
    records: await recordVectors(world, other),
    heads: await headVectors(world, other),
    boxes: await boxVectors(world, other),
    segments: segments.file,
    moves: await moveVectors(world),
  };
  return { files, segment: segments.blob };
}
