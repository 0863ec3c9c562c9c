import type { CertificateSource } from '@latchkey/server-guard';

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
