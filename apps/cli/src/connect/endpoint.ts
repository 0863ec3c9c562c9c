/** What a client needs to know of the server. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** Empty for what names no user. */
  readonly user: string;
  /** `--host` and `--port` as they were given, each with a space before it, for hints that name the next command. */
  readonly given: string;
  /** Type and base64, as in `known_hosts`; undefined until the server ran once. */
  readonly hostKey: string | undefined;
  /** Private key file of the user, for clients that are told. */
  readonly identity: string | undefined;
  /** Of FTP: whether clients may do without TLS. */
  readonly clearText: boolean;
  /**
   * Of FTP and S3: PEM of the certificate that the server signed itself; undefined when it has one of an authority, none
   * yet, or does without TLS.
   */
  readonly certificate: string | undefined;
  /** Of S3 only. */
  readonly s3: S3Access | undefined;
}

export interface S3Access {
  /** Without a slash at its end. */
  readonly url: string;
  readonly region: string;
  /** Of the access key. */
  readonly id: string;
  readonly secret: string;
}

/** Settings that go to standard output, to be put in a file, and what a person does with them. */
export interface ClientSettings {
  readonly settings: string;
  readonly steps: readonly string[];
}

export function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

export function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
