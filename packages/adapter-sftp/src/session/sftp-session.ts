import type { Socket } from 'node:net';
import type { Logger } from '@latchkey/server-guard';
import type { VaultSession } from '@latchkey/vault';
import type { ServerChannel } from 'ssh2';
import type { Owner } from '../codec/attributes.js';
import { PACKET, SFTP_VERSION, STATUS } from '../codec/constants.js';
import { FramingError, PacketFramer } from '../codec/framing.js';
import { PacketReader } from '../codec/reader.js';
import { type Reply, statusReply } from '../codec/replies.js';
import { PacketWriter } from '../codec/writer.js';
import type { SftpLimits } from '../config.js';
import { isNoSpace, NO_SPACE, statusOf } from '../errors.js';
import { REQUESTS } from '../requests/dispatch.js';
import { EXTENSIONS } from '../requests/extensions.js';
import type { Plan, RequestContext } from '../requests/request.js';
import { HandleTable } from './handles.js';
import { PathOrder } from './path-order.js';
import { ReplyStream } from './reply-stream.js';
import type { UnfinishedWork } from './unfinished-work.js';

/** What every request counts for, in bytes, however small its packet is. */
const REQUEST_COST_BYTES = 8 * 1024;

export interface SessionOptions {
  readonly vault: VaultSession;
  readonly owner: Owner;
  readonly limits: SftpLimits;
  readonly log: Logger;
  /** Takes what is left to do when the session has ended. */
  readonly unfinished: UnfinishedWork;
}

/**
 * One SFTP session on one channel. Requests run as their order allows; the channel is not read while too many bytes
 * of requests and replies are pending, so the window of SSH carries the vault's backpressure to the client.
 */
export class SftpSession {
  readonly #channel: ServerChannel;
  readonly #options: SessionOptions;
  readonly #context: RequestContext;
  readonly #replies: ReplyStream;
  readonly #ended = new AbortController();
  readonly #framer = new PacketFramer((packet, recycle) => this.#receive(packet, recycle));
  #initialised = false;
  #pendingBytes = 0;
  #pendingRequests = 0;
  #paused = false;
  /** Once is enough: every WRITE of an upload fails. */
  #spaceReported = false;
  #inputEnded = false;
  readonly #onRequestsDone: (() => void)[] = [];

  constructor(channel: ServerChannel, socket: Socket, options: SessionOptions) {
    this.#channel = channel;
    this.#options = options;
    this.#context = {
      vault: options.vault,
      handles: new HandleTable(options.limits.handles),
      order: new PathOrder(),
      owner: options.owner,
      maxHandles: options.limits.handles,
      ended: this.#ended.signal,
    };
    this.#replies = new ReplyStream(channel, socket, () => this.#regulate());
    channel.on('data', (chunk: Buffer) => this.#onData(chunk));
    channel.on('end', () => this.#onInputEnd());
    channel.on('close', () => this.abort());
    channel.on('error', () => this.abort());
  }

  /** The connection or channel is gone: nothing is published, what was written stays as drafts. Harmless twice. */
  abort(): void {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    this.#replies.destroy();
    this.#channel.resume();
    this.#abandonHandles();
  }

  /** Gives up every open file once the requests that had arrived for it are done. */
  #abandonHandles(): void {
    const { unfinished } = this.#options;
    if (this.#pendingRequests > 0) {
      unfinished.add(new Promise<void>((resolve) => this.#onRequestsDone.push(resolve)));
    }
    for (const handle of this.#context.handles.drain()) {
      if (handle.kind !== 'file') continue;
      unfinished.add(handle.abandon().catch((error: unknown) => this.#report('abandoning a file', error)));
    }
  }

  #onData(chunk: Buffer): void {
    if (this.#ended.signal.aborted) return;
    try {
      this.#framer.push(chunk);
    } catch (error) {
      if (!(error instanceof FramingError)) this.#report('reading a packet', error);
      this.#fail(error instanceof FramingError ? error.message : 'internal error');
      return;
    }
    this.#regulate();
  }

  /** The client talks nonsense: there is no way to go on. */
  #fail(reason: string): void {
    this.#options.log('warn', 'sftp session ended', { reason });
    this.abort();
    closeChannel(this.#channel, 1);
  }

  #receive(packet: Buffer, recycle: () => void): void {
    if (this.#ended.signal.aborted) return;
    const reader = new PacketReader(packet);
    const type = reader.uint8();
    if (!this.#initialised) {
      if (type !== PACKET.INIT || packet.length < 5) throw new FramingError('the first packet is not INIT');
      this.#initialised = true;
      this.#replies.send(versionReply());
      recycle();
      return;
    }
    if (reader.remaining < 4) throw new FramingError('a packet without request id');
    const id = reader.uint32();
    let plan: Plan;
    try {
      plan = this.#plan(type, id, reader);
    } catch (error) {
      this.#replies.send(this.#failure(id, error));
      recycle();
      return;
    }
    const cost = Math.max(packet.length + (plan.replyBytes ?? 0), REQUEST_COST_BYTES);
    this.#pendingBytes += cost;
    this.#pendingRequests += 1;
    void this.#run(id, plan).then((reply) => {
      recycle();
      this.#replies.send(reply);
      this.#pendingBytes -= cost;
      this.#pendingRequests -= 1;
      if (this.#pendingRequests === 0) for (const done of this.#onRequestsDone.splice(0)) done();
      this.#regulate();
      this.#finishIfDone();
    });
  }

  #plan(type: number, id: number, reader: PacketReader): Plan {
    const handler = REQUESTS.get(type);
    if (handler === undefined) {
      const reply = statusReply(id, STATUS.OP_UNSUPPORTED, 'the request is not supported');
      return { order: { kind: 'free' }, run: async () => reply };
    }
    return handler(this.#context, id, reader);
  }

  /**
   * Runs a request in its turn. Never rejects. What arrived before the connection was lost is still carried out: a
   * CLOSE among it means that the client had sent all it wanted to publish.
   */
  async #run(id: number, plan: Plan): Promise<Reply> {
    try {
      const { order } = plan;
      const task = (): Promise<Reply> => plan.run();
      if (order.kind === 'handle') return await order.handle.run(order.exclusive, task);
      if (order.kind === 'paths') return await this.#context.order.run(order.paths, order.reach, task);
      return await task();
    } catch (error) {
      return this.#failure(id, error);
    }
  }

  #failure(id: number, error: unknown): Reply {
    const { status, message, unexpected } = statusOf(error);
    if (unexpected) this.#report('a request', error);
    if (isNoSpace(error) && !this.#spaceReported) {
      this.#spaceReported = true;
      this.#options.log('warn', NO_SPACE);
    }
    return statusReply(id, status, message);
  }

  #report(what: string, error: unknown): void {
    this.#options.log('error', `${what} failed unexpectedly`, { error });
  }

  /** Stops reading while too much is pending and goes on at half of that. */
  #regulate(): void {
    const pending = this.#pendingBytes + this.#replies.unsent;
    const limit = this.#options.limits.pendingBytes;
    if (!this.#paused && pending > limit) {
      this.#paused = true;
      this.#channel.pause();
    } else if (this.#paused && pending <= limit / 2) {
      this.#paused = false;
      this.#channel.resume();
    }
  }

  #onInputEnd(): void {
    this.#inputEnded = true;
    this.#finishIfDone();
  }

  /** After the client's end of input: answers what is pending, then ends the channel with status 0. */
  #finishIfDone(): void {
    if (!this.#inputEnded || this.#pendingRequests > 0 || this.#ended.signal.aborted) return;
    void this.#replies.flushed().then(() => {
      if (this.#ended.signal.aborted) return;
      this.#ended.abort();
      this.#abandonHandles();
      closeChannel(this.#channel, this.#framer.atBoundary ? 0 : 1);
    });
  }
}

function versionReply(): Reply {
  const writer = new PacketWriter(PACKET.VERSION, 512).uint32(SFTP_VERSION);
  for (const [name, { version }] of EXTENSIONS) writer.text(name).text(version);
  return { pieces: [writer.finish()] };
}

/** Exit status, end of output and close, in this order, or OpenSSH clients report a lost connection. */
export function closeChannel(channel: ServerChannel, status: number): void {
  try {
    channel.exit(status);
    channel.end();
  } catch {
    // The connection is gone already.
  }
}
