import { once } from 'node:events';
import ssh2, { type ClientChannel } from 'ssh2';
import { PACKET } from '../../src/codec/constants.js';
import { PacketFramer } from '../../src/codec/framing.js';
import { PacketReader } from '../../src/codec/reader.js';
import { PacketWriter } from '../../src/codec/writer.js';
import { type Fixture, PASSWORD, USER } from './fixture.js';

/** A packet from the server, its type read, the id too where it has one. */
export interface Answer {
  readonly type: number;
  readonly id: number;
  readonly body: PacketReader;
  readonly raw: Buffer;
}

export interface Status {
  readonly code: number;
  readonly message: string;
}

export async function connect(fixture: Fixture, config: ssh2.ConnectConfig = {}): Promise<ssh2.Client> {
  const client = new ssh2.Client();
  client.on('error', () => {});
  const ready = new Promise<void>((resolve, reject) => {
    client.once('ready', resolve);
    client.once('error', reject);
    client.once('close', () => reject(new Error('closed before ready')));
  });
  client.connect({ host: '127.0.0.1', port: fixture.port, username: USER, password: PASSWORD, ...config });
  await ready;
  return client;
}

export function openSubsystem(client: ssh2.Client, name = 'sftp'): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    client.subsys(name, (error, channel) => (error === undefined ? resolve(channel) : reject(error)));
  });
}

/** Speaks packets of SFTP without hiding anything, so that tests can say things that no client says. */
export class RawClient {
  readonly ssh: ssh2.Client;
  readonly channel: ClientChannel;
  readonly #answers: Buffer[] = [];
  readonly #waiting: ((packet: Buffer | undefined) => void)[] = [];
  #closed = false;
  #nextId = 100;
  exitStatus: number | undefined;
  readonly closed: Promise<void>;

  constructor(ssh: ssh2.Client, channel: ClientChannel) {
    this.ssh = ssh;
    this.channel = channel;
    const framer = new PacketFramer((packet, recycle) => {
      const copy = Buffer.from(packet);
      recycle();
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#answers.push(copy);
      else waiting(copy);
    });
    channel.on('data', (chunk: Buffer) => framer.push(chunk));
    channel.on('exit', (status: number) => {
      this.exitStatus = status;
    });
    channel.on('error', () => {});
    this.closed = once(channel, 'close').then(() => {
      this.#closed = true;
      for (const waiting of this.#waiting.splice(0)) waiting(undefined);
    });
  }

  /** Logs in, opens the subsystem and says INIT. */
  static async open(fixture: Fixture): Promise<RawClient> {
    const ssh = await connect(fixture);
    const client = new RawClient(ssh, await openSubsystem(ssh));
    await client.init();
    return client;
  }

  async init(): Promise<PacketReader> {
    this.send(new PacketWriter(PACKET.INIT).uint32(3).finish());
    const packet = await this.nextPacket();
    if (packet === undefined) throw new Error('the session ended at INIT');
    return new PacketReader(packet);
  }

  send(bytes: Uint8Array): void {
    this.channel.write(bytes);
  }

  /** The next packet without its length, or `undefined` when the channel has closed. */
  nextPacket(): Promise<Buffer | undefined> {
    const packet = this.#answers.shift();
    if (packet !== undefined) return Promise.resolve(packet);
    if (this.#closed) return Promise.resolve(undefined);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async next(): Promise<Answer> {
    const raw = await this.nextPacket();
    if (raw === undefined) throw new Error('the session has ended');
    const body = new PacketReader(raw);
    return { type: body.uint8(), id: body.uint32(), body, raw };
  }

  /** Sends a request without waiting; returns its id. */
  post(type: number, fill: (writer: PacketWriter) => void): number {
    const id = this.#nextId++;
    const writer = new PacketWriter(type).uint32(id);
    fill(writer);
    this.send(writer.finish());
    return id;
  }

  async request(type: number, fill: (writer: PacketWriter) => void): Promise<Answer> {
    const id = this.post(type, fill);
    const answer = await this.next();
    if (answer.id !== id) throw new Error(`an answer to ${answer.id} instead of ${id}`);
    return answer;
  }

  /** A request that must be answered with a status. */
  async status(type: number, fill: (writer: PacketWriter) => void): Promise<Status> {
    return statusOfAnswer(await this.request(type, fill));
  }

  /** Opens a file; throws the status code as text when that fails. */
  async open(path: string, flags: number, permissions?: number): Promise<Buffer> {
    const answer = await this.request(PACKET.OPEN, (writer) => {
      writer.text(path).uint32(flags);
      if (permissions === undefined) writer.uint32(0);
      else writer.uint32(4).uint32(permissions);
    });
    return handleOf(answer);
  }

  async opendir(path: string): Promise<Buffer> {
    return handleOf(await this.request(PACKET.OPENDIR, (writer) => writer.text(path)));
  }

  write(handle: Buffer, offset: number, data: Uint8Array): Promise<Status> {
    return this.status(PACKET.WRITE, (writer) => writer.bytes(handle).uint64(offset).bytes(data));
  }

  async read(handle: Buffer, offset: number, length: number): Promise<Buffer | Status> {
    const answer = await this.request(PACKET.READ, (writer) =>
      writer.bytes(handle).uint64(offset).uint32(length),
    );
    return answer.type === PACKET.DATA ? answer.body.bytes() : statusOfAnswer(answer);
  }

  close(handle: Buffer): Promise<Status> {
    return this.status(PACKET.CLOSE, (writer) => writer.bytes(handle));
  }

  async names(type: number, fill: (writer: PacketWriter) => void): Promise<string[]> {
    const answer = await this.request(type, fill);
    if (answer.type !== PACKET.NAME) throw new Error(`status ${statusOfAnswer(answer).code}`);
    return namesOf(answer.body);
  }

  /** Cuts the connection. */
  destroy(): void {
    this.ssh.destroy();
  }

  end(): void {
    this.ssh.end();
  }
}

export function statusOfAnswer(answer: Answer): Status {
  if (answer.type !== PACKET.STATUS) throw new Error(`a packet of type ${answer.type} instead of a status`);
  const code = answer.body.uint32();
  return { code, message: answer.body.bytes().toString() };
}

export function handleOf(answer: Answer): Buffer {
  if (answer.type !== PACKET.HANDLE) {
    const { code, message } = statusOfAnswer(answer);
    throw new Error(`status ${code}: ${message}`);
  }
  return answer.body.bytes();
}

export interface WireAttributes {
  readonly size: number;
  readonly uid: number;
  readonly permissions: number;
  readonly modified: number;
}

export function attributesOf(reader: PacketReader): WireAttributes {
  const flags = reader.uint32();
  if (flags === 0) return { size: 0, uid: 0, permissions: 0, modified: 0 };
  if (flags !== 0x0f) throw new Error(`attribute flags ${flags}`);
  const size = reader.uint64();
  const uid = reader.uint32();
  reader.uint32();
  const permissions = reader.uint32();
  reader.uint32();
  return { size, uid, permissions, modified: reader.uint32() };
}

export function namesOf(body: PacketReader): string[] {
  const names: string[] = [];
  for (let count = body.uint32(); count > 0; count--) {
    names.push(body.bytes().toString());
    body.bytes();
    attributesOf(body);
  }
  return names;
}
