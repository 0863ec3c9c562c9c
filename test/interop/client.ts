/** Where a server is and how to log in. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** A private key file in OpenSSH's format. */
  readonly keyFile: string;
  readonly password: string | undefined;
  readonly knownHosts: string;
  /** The directory to work in, without a trailing slash; empty for the root. */
  readonly base: string;
  /** Where it speaks FTP, too. */
  readonly ftp?: FtpPlace | undefined;
  /** Where it speaks S3, too. */
  readonly s3?: S3Place | undefined;
}

export interface S3Place {
  /** Without a slash at its end. */
  readonly url: string;
  readonly region: string;
  /** Of the access key. */
  readonly id: string;
  readonly secret: string;
  /** A PEM file with the certificate to trust; undefined for plain HTTP. */
  readonly certificate: string | undefined;
}

export interface FtpPlace {
  /** Of plain FTP and explicit TLS. */
  readonly port: number;
  readonly implicitPort: number | undefined;
  /** A PEM file with the certificate to trust; undefined when TLS is off. */
  readonly certificate: string | undefined;
}

export type Login = { readonly key: string } | { readonly password: string };

/** What one file looks like to a client, as far as it shows it. */
export interface Seen {
  readonly size: number;
  /** Seconds since 1970. */
  readonly modified: number;
}

/**
 * A real client, driven as people drive it: a program with arguments or a script. Paths of the server are absolute.
 * Every method rejects when the client reports a failure, and with {@link Cannot} when the client has no way to say
 * it. A method that a client has not is left out; both need a line in deviations.ts.
 */
export interface Client {
  readonly name: string;
  /** An upload makes the directories that are missing above it. */
  readonly makesParents?: true;
  /** Its protocol knows passwords only. */
  readonly passwordOnly?: true;
  /** True of a name that the client or its protocol has no way to say: nothing is tried with it. */
  cannotName?(name: string): boolean;
  /** How the client itself spells a name that it found in a directory, where it does not keep it. */
  spelling?(name: string): string;
  /** Logs in and lists the root. */
  login(as: Login): Promise<void>;
  /** Uploads a file, replacing one of that name, with its modification time. */
  put(local: string, remote: string): Promise<void>;
  /** Downloads a file with its modification time. */
  get(remote: string, local: string): Promise<void>;
  /** Makes the directory `remote`, which does not exist, a copy of `local`. */
  putTree(local: string, remote: string): Promise<void>;
  /** Makes the directory `local`, which does not exist, a copy of `remote`. */
  getTree(remote: string, local: string): Promise<void>;
  /** Continues an upload of which the server has the beginning. */
  resumePut?(local: string, remote: string): Promise<void>;
  /** Continues a download of which `local` has the beginning. */
  resumeGet?(remote: string, local: string): Promise<void>;
  /** Names in a directory. */
  names?(remote: string): Promise<string[]>;
  see?(remote: string): Promise<Seen>;
  mkdir?(remote: string): Promise<void>;
  rmdir?(remote: string): Promise<void>;
  remove?(remote: string): Promise<void>;
  removeTree?(remote: string): Promise<void>;
  /** Renames a file to a name that is free. */
  rename?(from: string, to: string): Promise<void>;
  /** Renames a file over another. */
  renameOver?(from: string, to: string): Promise<void>;
  renameDirectory?(from: string, to: string): Promise<void>;
  chmod?(remote: string, mode: number): Promise<void>;
  symlink?(target: string, remote: string): Promise<void>;
  readlink?(remote: string): Promise<string>;
  /** Bytes that can still be written. */
  freeSpace?(remote: string): Promise<number>;
  close?(): Promise<void>;
}

/** The client has no way to express the operation; nothing was sent. */
export class Cannot extends Error {
  override readonly name = 'Cannot';
}
