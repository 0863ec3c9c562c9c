/** Whatever is driven against a server. */
export interface Connected {
  close?(): Promise<void>;
}

/**
 * A real S3 client, driven as people drive it. Places are written `/BUCKET/KEY` as the vault has them; the buckets exist.
 * Every method rejects when the client reports a failure. One that a client has not is left out; each step that needs
 * it then needs a line in deviations.ts.
 */
export interface S3Client extends Connected {
  readonly name: string;
  /** True of a name that the client has no way to say: nothing is tried with it. */
  cannotName?(name: string): boolean;
  /** Lists the buckets, signed with this secret. */
  signIn(secret: string): Promise<void>;
  put(local: string, at: string): Promise<void>;
  get(at: string, local: string): Promise<void>;
  /** Uploads the files below `local`, as keys below `at`. */
  putTree(local: string, at: string): Promise<void>;
  /** Downloads the objects below `at` into `local`, which does not exist. */
  getTree(at: string, local: string): Promise<void>;
  remove(at: string): Promise<void>;
  /** Removes everything below. */
  removeTree(at: string): Promise<void>;
  /** Keys below, without `at` and the slash behind it. */
  keys?(at: string): Promise<string[]>;
  /** Bytes from `first` to `last`, both included. */
  range?(at: string, first: number, last: number): Promise<Buffer>;
  /** Copies on the server. */
  copy?(from: string, to: string): Promise<void>;
  /** Renames, as far as S3 can: copies on the server and removes. */
  move?(from: string, to: string): Promise<void>;
  /** Begins to upload over what is there and is ended in the middle. */
  interruptedPut?(local: string, at: string): Promise<void>;
}

export interface Address {
  readonly bucket: string;
  readonly key: string;
}

/** A place as most clients take it. */
export function addressOf(at: string): Address {
  const [, bucket = '', ...key] = at.split('/');
  return { bucket, key: key.join('/') };
}

/** A place as command lines take it. */
export function uri(at: string): string {
  return `s3:/${at}`;
}
