/** Whether FTP is served without TLS, with it for who asks, or with it only. */
export const TLS_MODES = ['off', 'allow', 'require'] as const;
/** The same of S3, whose clients cannot choose on one port. */
export const S3_TLS_MODES = ['off', 'require'] as const;
