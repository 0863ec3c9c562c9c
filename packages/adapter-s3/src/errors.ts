import { VaultError, type VaultErrorCode } from '@latchkey/vault';

/** Status and words of every error that this server answers with (S3 API reference, "Error responses"). */
export const S3_ERRORS = {
  AccessDenied: [403, 'Access Denied'],
  AccessForbidden: [403, 'CORSResponse: This CORS request is not allowed.'],
  AuthorizationHeaderMalformed: [403, 'The authorization header that you provided is not valid.'],
  AuthorizationQueryParametersError: [403, 'The authorization query parameters are not valid.'],
  BadRequest: [400, 'Bad Request'],
  BadDigest: [400, 'The digest that you specified did not match what was received.'],
  BucketAlreadyOwnedByYou: [409, 'The bucket is yours already.'],
  BucketNotEmpty: [409, 'The bucket that you tried to delete is not empty.'],
  EntityTooLarge: [400, 'Your proposed upload exceeds the maximum allowed object size.'],
  EntityTooSmall: [400, 'Your proposed upload is smaller than the minimum allowed object size.'],
  IllegalLocationConstraintException: [400, 'The location constraint is not the region of this endpoint.'],
  IncompleteBody: [400, 'The body has another length than was declared.'],
  InsufficientStorage: [507, 'The store is full; nothing was changed.'],
  InternalError: [500, 'We encountered an internal error. Please try again.'],
  InvalidAccessKeyId: [403, 'The access key id that you provided does not exist in our records.'],
  InvalidArgument: [400, 'Invalid argument.'],
  InvalidBucketState: [409, 'The request is not valid for the current state of the bucket.'],
  InvalidBucketName: [400, 'The specified bucket is not valid.'],
  InvalidEncryptionAlgorithmError: [
    400,
    'The encryption request that you specified is not valid. The valid value is AES256.',
  ],
  InvalidDigest: [400, 'The Content-MD5 that you specified is not valid.'],
  InvalidPart: [400, 'One or more of the specified parts could not be found, or their ETags do not match.'],
  InvalidPartNumber: [416, 'The requested partnumber is not satisfiable'],
  InvalidPartOrder: [400, 'The list of parts was not in ascending order.'],
  InvalidRange: [416, 'The requested range is not satisfiable.'],
  InvalidRequest: [400, 'Invalid request.'],
  InvalidStorageClass: [400, 'The storage class that you specified is not valid.'],
  InvalidURI: [400, 'The URI could not be parsed.'],
  InvalidTag: [400, 'The tag provided was not a valid tag.'],
  KeyConflict: [409, 'Something that a file protocol made is in the way of this key.'],
  KeyTooLongError: [400, 'Your key is too long.'],
  MalformedPOSTRequest: [400, 'The body of your POST request is not well-formed multipart/form-data.'],
  MalformedTrailerError: [400, 'The trailer is not well-formed or is not the one that was announced.'],
  MalformedXML: [400, 'The XML that you provided was not well-formed or did not validate.'],
  MaxMessageLengthExceeded: [400, 'Your request was too large.'],
  MetadataTooLarge: [400, 'Your metadata headers exceed the maximum allowed metadata size.'],
  MethodNotAllowed: [405, 'The specified method is not allowed against this resource.'],
  MissingContentLength: [411, 'You must provide the Content-Length HTTP header.'],
  MissingSecurityHeader: [400, 'Your request is missing a required header.'],
  NoSuchBucket: [404, 'The specified bucket does not exist.'],
  NoSuchBucketPolicy: [404, 'The bucket policy does not exist.'],
  NoSuchCORSConfiguration: [404, 'The CORS configuration does not exist.'],
  NoSuchKey: [404, 'The specified key does not exist.'],
  NoSuchTagSet: [404, 'The TagSet does not exist.'],
  NoSuchLifecycleConfiguration: [404, 'The lifecycle configuration does not exist.'],
  NoSuchObjectLockConfiguration: [404, 'The specified object has no such lock.'],
  NoSuchUpload: [404, 'The specified upload does not exist. It may have been aborted or completed.'],
  NoSuchWebsiteConfiguration: [404, 'The specified bucket does not have a website configuration.'],
  NoSuchVersion: [404, 'The version id does not match an existing version.'],
  NotImplemented: [501, 'A header or query that you provided implies functionality that is not implemented.'],
  NotModified: [304, 'Not Modified'],
  ObjectLockConfigurationNotFoundError: [404, 'Object Lock is not enabled for this bucket.'],
  PreconditionFailed: [412, 'At least one of the preconditions that you specified did not hold.'],
  ReplicationConfigurationNotFoundError: [404, 'The replication configuration was not found.'],
  RequestTimeTooSkewed: [403, 'The difference between the request time and the current time is too large.'],
  ServiceUnavailable: [503, 'Service is unable to handle request.'],
  SignatureDoesNotMatch: [403, 'The request signature we calculated does not match the one you provided.'],
  SlowDown: [503, 'Please reduce your request rate.'],
  XAmzContentSHA256Mismatch: [
    400,
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
  ],
} as const satisfies Record<string, readonly [number, string]>;

export type S3ErrorCode = keyof typeof S3_ERRORS;

/** A request ends with this error. The message and the details go to the client. */
export class S3Error extends Error {
  override readonly name = 'S3Error';
  readonly code: S3ErrorCode;
  /** Further elements of the error document. */
  readonly details: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: S3ErrorCode,
    message: string = S3_ERRORS[code][1],
    extra: {
      readonly details?: Readonly<Record<string, string>>;
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(message);
    this.code = code;
    this.details = extra.details ?? {};
    this.headers = extra.headers ?? {};
  }

  get status(): number {
    return S3_ERRORS[this.code][0];
  }
}

/** What S3 can say about each way a vault operation fails, where the operation itself knows nothing better. */
export const ERROR_OF_VAULT_ERROR: Readonly<Record<VaultErrorCode, S3ErrorCode>> = {
  'not-found': 'NoSuchKey',
  exists: 'KeyConflict',
  'not-a-directory': 'KeyConflict',
  'is-a-directory': 'KeyConflict',
  'not-empty': 'BucketNotEmpty',
  'invalid-name': 'InvalidArgument',
  'invalid-argument': 'InvalidArgument',
  'wrong-passphrase': 'InternalError',
  'no-vault': 'InternalError',
  damaged: 'InternalError',
  unsupported: 'NotImplemented',
  conflict: 'SlowDown',
  'no-space': 'InsufficientStorage',
  'read-only': 'AccessDenied',
  unavailable: 'ServiceUnavailable',
  'too-large': 'MetadataTooLarge',
  stale: 'SlowDown',
  closed: 'ServiceUnavailable',
};

/** The error that a request ends with when `error` was thrown. Foreign errors are not described to the client. */
export function failureOf(error: unknown): { readonly answer: S3Error; readonly unexpected: boolean } {
  if (error instanceof S3Error) return { answer: error, unexpected: false };
  if (error instanceof VaultError) {
    const code = ERROR_OF_VAULT_ERROR[error.code];
    const unexpected = error.code === 'damaged' || error.code === 'unavailable';
    return { answer: new S3Error(code), unexpected };
  }
  return { answer: new S3Error('InternalError'), unexpected: true };
}

/** Whether a vault operation failed with one of these codes. */
export function isVaultError(error: unknown, ...codes: readonly VaultErrorCode[]): error is VaultError {
  return error instanceof VaultError && codes.includes(error.code);
}
