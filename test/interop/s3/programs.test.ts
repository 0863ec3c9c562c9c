import { DUPLICITY, RESTIC, S3FS } from './backups.js';
import { AWS, RCLONE_S3, S3CMD } from './programs.js';
import { s3Suites } from './suite.js';

s3Suites('require', [AWS, RCLONE_S3, S3CMD, RESTIC, DUPLICITY, S3FS]);
