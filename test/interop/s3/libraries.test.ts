import { BOTO3, MINIO, RUBY, SDK } from './libraries.js';
import { s3Suites } from './suite.js';

// Over plain HTTP: for uploads of more than 2 MiB the first forgets the certificate that it was told to trust.
s3Suites('off', [SDK, MINIO, BOTO3, RUBY]);
