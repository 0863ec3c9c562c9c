/**
 * Parameters that select an operation of S3. One that no implemented operation of the request's method and scope takes
 * means an operation that is not implemented; everything else in a query is ignored, as S3 does.
 */
export const SELECTING_PARAMETERS: ReadonlySet<string> = new Set([
  'abac',
  'accelerate',
  'acl',
  'analytics',
  'append',
  'attributes',
  'cors',
  'delete',
  'encryption',
  'intelligent-tiering',
  'inventory',
  'legal-hold',
  'lifecycle',
  'list-type',
  'location',
  'logging',
  'metadataConfiguration',
  'metadataTable',
  'metrics',
  'notification',
  'object-lock',
  'ownershipControls',
  'partNumber',
  'policy',
  'policyStatus',
  'publicAccessBlock',
  'renameObject',
  'replication',
  'requestPayment',
  'restore',
  'retention',
  'select',
  'session',
  'tagging',
  'torrent',
  'uploadId',
  'uploads',
  'versionId',
  'versioning',
  'versions',
  'website',
]);

/** Headers of the service that mean nothing here or are looked at where they matter; `*` stands for any ending. */
const KNOWN_HEADERS: readonly string[] = [
  'x-amz-checksum-*',
  'x-amz-content-sha256',
  'x-amz-copy-source',
  'x-amz-copy-source-if-*',
  'x-amz-copy-source-range',
  'x-amz-copy-source-server-side-encryption-customer-*',
  'x-amz-date',
  'x-amz-decoded-content-length',
  'x-amz-meta-*',
  'x-amz-max-parts',
  'x-amz-metadata-directive',
  'x-amz-mp-object-size',
  'x-amz-object-attributes',
  'x-amz-object-lock-legal-hold',
  'x-amz-object-lock-mode',
  'x-amz-object-lock-retain-until-date',
  'x-amz-optional-object-attributes',
  'x-amz-part-number-marker',
  'x-amz-request-payer',
  'x-amz-sdk-checksum-algorithm',
  'x-amz-server-side-encryption-customer-*',
  'x-amz-tagging',
  'x-amz-tagging-directive',
  'x-amz-te',
  'x-amz-trailer',
  'x-amz-user-agent',
];

/**
 * Headers that are taken when they ask for what is so anyway: there are no ACLs, one storage class, and everything is
 * encrypted with AES-256 before it is stored.
 */
const KNOWN_VALUES: Readonly<Record<string, readonly string[]>> = {
  'x-amz-acl': ['private', 'bucket-owner-full-control', 'bucket-owner-read'],
  'x-amz-bucket-object-lock-enabled': ['false', 'true', 'False', 'True'],
  'x-amz-bypass-governance-retention': ['false', 'true', 'False', 'True'],
  'x-amz-object-ownership': ['BucketOwnerEnforced'],
  'x-amz-server-side-encryption': ['AES256'],
  'x-amz-server-side-encryption-bucket-key-enabled': ['false'],
  'x-amz-storage-class': ['STANDARD'],
};

/** Whether a header of the service asks for something that is not implemented. */
export function isUnsupportedHeader(name: string, value: string): boolean {
  if (!name.startsWith('x-amz-')) return false;
  const values = Object.hasOwn(KNOWN_VALUES, name) ? KNOWN_VALUES[name] : undefined;
  if (values !== undefined) return !values.includes(value);
  return !KNOWN_HEADERS.some((known) =>
    known.endsWith('*') ? name.startsWith(known.slice(0, -1)) : known === name,
  );
}
