/** The PEM files of a certificate (with its chain) and its private key. Both may be one file. */
export interface CertificateFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** The same as text, which is never reloaded. */
export interface CertificateText {
  readonly certificate: string;
  readonly key: string;
}

export type CertificateSource = CertificateFiles | CertificateText;

/**
 * Whether data connections must resume the TLS session of their control connection, which proves that both ends of
 * both connections are the same: `off` issues no tickets, `prefer` does, `require` refuses data connections without.
 */
export type SessionReuse = 'off' | 'prefer' | 'require';

export type TlsOptions =
  | { readonly mode: 'off' }
  | {
      /** `allow`: clients may do without. `require`: no user name is taken and nothing is transferred in clear. */
      readonly mode: 'allow' | 'require';
      readonly certificate: CertificateSource;
      /** Default `prefer`. */
      readonly sessionReuse?: SessionReuse;
    };
