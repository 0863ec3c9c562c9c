import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
} from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { ServedCertificate } from '@latchkey/server-guard';
import { DEFAULT_LIMITS, KEEP_UPLOADS_MS, type PublicBuckets, type S3ServerOptions } from './config.js';
import { Handler } from './http/handler.js';
import { UploadWatch } from './objects/upload-watch.js';

const DEFAULT_REGION = 'us-east-1';

/** An S3 endpoint that is listening. */
export class S3Server {
  readonly address: AddressInfo;
  readonly #server: Server | TlsServer;
  readonly #handler: Handler;
  readonly #uploads: UploadWatch;

  private constructor(server: Server | TlsServer, handler: Handler, uploads: UploadWatch) {
    this.#server = server;
    this.#uploads = uploads;
    this.#handler = handler;
    this.address = server.address() as AddressInfo;
  }

  /**
   * Starts listening. Rejects when the certificate cannot be used or the address cannot be had (`EADDRINUSE`, `EACCES`
   * and so on, as Node reports them).
   */
  static async listen(options: S3ServerOptions): Promise<S3Server> {
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    const log = options.logger ?? ((): void => {});
    const region = options.region ?? DEFAULT_REGION;
    const uploads = new UploadWatch(options.keepUploadsMs ?? KEEP_UPLOADS_MS, log, options.sessions);
    const handler = new Handler({
      server: { region, limits, log, uploads, publicBuckets: asked(options.publicBuckets) },
      verifier: { credentials: options.credentials, region, now: options.now ?? Date.now },
      throttle: options.throttle,
      domains: options.domains ?? [],
      ...(options.preflight === undefined ? {} : { preflight: options.preflight }),
    });
    const settings = {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersMs,
      // An upload may take as long as bytes keep coming.
      requestTimeout: 0,
      keepAliveTimeout: limits.idleMs,
      insecureHTTPParser: false,
      requireHostHeader: true,
    };
    const listener: RequestListener = (request, response) => handler.take(request, response, false);
    const server =
      options.tls === undefined
        ? createServer(settings, listener)
        : serverOverTls(settings, new ServedCertificate(options.tls, log), listener);
    server.maxConnections = limits.connections;
    server.setTimeout(limits.idleMs, (socket: Socket) => socket.destroy());
    server.on('checkContinue', (request: IncomingMessage, response) => handler.take(request, response, true));
    server.on('clientError', refuseMalformed);
    try {
      await listening(server, options.port ?? 0, options.host ?? '127.0.0.1');
    } catch (error) {
      await uploads.stop();
      throw error;
    }
    server.on('error', (error) => log('error', 'the listener failed', { error }));
    return new S3Server(server, handler, uploads);
  }

  /**
   * Stops listening and cuts every connection. Uploads that were under way change nothing. Resolves when nothing uses a
   * session any more, so that the vault can be closed.
   */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
    await this.#handler.settled();
    await this.#uploads.stop();
  }
}

/** Takes the certificate as it is at each connection. */
function serverOverTls(
  settings: ServerOptions,
  certificate: ServedCertificate,
  listener: RequestListener,
): TlsServer {
  const tls = (): SecureContextOptions => ({
    cert: certificate.text.certificate,
    key: certificate.text.key,
    minVersion: 'TLSv1.2',
  });
  const server = createTlsServer({ ...settings, ...tls() }, listener);
  server.prependListener('connection', () => {
    if (certificate.refresh()) server.setSecureContext(tls());
  });
  return server;
}

function asked(buckets: S3ServerOptions['publicBuckets'] = new Map()): PublicBuckets {
  return typeof buckets === 'function' ? buckets : async (bucket) => buckets.get(bucket);
}

function listening(server: Server | TlsServer, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** What is no HTTP, or could be taken for two requests, is answered without being looked at further. */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const line =
    error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request';
  socket.end(`HTTP/1.1 ${line}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
