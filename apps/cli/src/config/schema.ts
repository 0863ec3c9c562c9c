import { z } from 'zod';
import { parseBytes, parseSpan } from '../terminal/figures.js';
import { parsePortRange } from './ports.js';
import { S3_TLS_MODES, TLS_MODES } from './tls-modes.js';

const path = z.string().min(1);
const size = z.string().transform((text, context) => {
  const value = parseBytes(text);
  if (value !== undefined && value > 0) return value;
  context.addIssue({ code: 'custom', message: 'must be a size such as "256MiB"' });
  return z.NEVER;
});
const span = z.string().transform((text, context) => {
  const value = parseSpan(text);
  if (value !== undefined && value > 0) return value;
  context.addIssue({ code: 'custom', message: 'must be a span such as "24h"' });
  return z.NEVER;
});

const HOUR = 3_600_000;
/** Long enough to look at clients only now and then, and no longer than a timer can wait. */
const patience = span.refine((value) => value >= 1000 && value <= HOUR, 'must be from "1s" to "1h"');

export const PORT: z.ZodNumber = z.number().int().min(0).max(65_535);

const portRange = z.string().transform((text, context) => {
  const range = parsePortRange(text);
  if (range !== undefined) return range;
  context.addIssue({ code: 'custom', message: 'must be a range of ports such as "50000-50100"' });
  return z.NEVER;
});

const hostName = z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/, 'must be a host name');

/** One person or program that may log in to `serve`. */
const user = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9._@-]{1,64}$/, 'must be 1 to 64 letters, digits or . _ @ -'),
  /** Made by `latchkey password`. A password in the clear is refused. */
  password: z.string().startsWith('$scrypt$', 'must be a hash made by `latchkey password`').optional(),
  'authorized-keys': z.array(z.string().min(1)).optional(),
  'authorized-keys-file': path.optional(),
});

/** Everything `latchkey.toml` may say. A key that is not here is an error: a misspelt setting must not be ignored. */
export const configurationFile = z.strictObject({
  vault: path.optional(),
  durability: z.enum(['full', 'relaxed']).optional(),
  state: path.optional(),
  'passphrase-file': path.optional(),
  'passphrase-command': z.string().min(1).optional(),
  memory: z.strictObject({ cache: size.optional(), transfers: size.optional() }).optional(),
  sftp: z
    .strictObject({ host: z.string().min(1).optional(), port: PORT.optional(), 'host-key': path.optional() })
    .optional(),
  ftp: z
    .strictObject({
      enabled: z.boolean().optional(),
      host: z.string().min(1).optional(),
      port: PORT.optional(),
      'implicit-port': PORT.optional(),
      tls: z.enum(TLS_MODES).optional(),
      'session-reuse': z.enum(['off', 'prefer', 'require']).optional(),
      certificate: path.optional(),
      key: path.optional(),
      names: z.array(z.string().min(1)).max(100).optional(),
      'passive-ports': portRange.optional(),
      'external-address': z.ipv4('must be an IPv4 address').optional(),
      active: z.boolean().optional(),
      greeting: z.string().max(500).optional(),
      'foreign-names': z.enum(['latin1', 'refuse']).optional(),
    })
    .refine(({ certificate, key }) => (certificate === undefined) === (key === undefined), {
      message: 'certificate and key go together',
    })
    .optional(),
  s3: z
    .strictObject({
      enabled: z.boolean().optional(),
      host: z.string().min(1).optional(),
      port: PORT.optional(),
      tls: z.enum(S3_TLS_MODES).optional(),
      certificate: path.optional(),
      key: path.optional(),
      region: z
        .string()
        .regex(/^[a-z0-9-]{1,64}$/, 'must be small letters, digits and -')
        .optional(),
      domains: z.array(hostName).max(100).optional(),
      connections: z.number().int().min(1).max(100_000).optional(),
      requests: z.number().int().min(1).max(100_000).optional(),
      'large-bodies': z.number().int().min(1).max(100_000).optional(),
      'slow-after': patience.optional(),
      upload: size.optional(),
      'keep-uploads': span.optional(),
      'lifecycles-every': span.optional(),
      'public-buckets': z.array(z.string().min(1).max(255)).max(1000).optional(),
    })
    .refine(({ certificate, key }) => (certificate === undefined) === (key === undefined), {
      message: 'certificate and key go together',
    })
    .optional(),
  log: z
    .strictObject({
      format: z.enum(['json', 'pretty']).optional(),
      level: z.enum(['debug', 'info', 'warn', 'error']).optional(),
    })
    .optional(),
  gc: z.strictObject({ every: span.optional(), 'dead-after': span.optional() }).optional(),
  users: z.array(user).max(10_000).optional(),
});

export type ConfigurationFile = z.infer<typeof configurationFile>;
export type ConfiguredUser = z.infer<typeof user>;
