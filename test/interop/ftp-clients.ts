import { type Curl, curl } from './clients/curl.js';
import { type Lftp, lftpFtp } from './clients/lftp.js';
import { type Rclone, rcloneFtp } from './clients/rclone.js';
import type { ClientOf } from './clients.js';
import { requireProgram } from './run.js';

export const CURL_EXPLICIT: ClientOf<Curl> = {
  name: 'curl over explicit TLS',
  require: (test) => requireProgram(test, 'curl'),
  connect: (program, target) => curl(program, target, 'explicit'),
};

export const LFTP_PLAIN: ClientOf<Lftp> = {
  name: 'lftp over FTP',
  require: (test) => requireProgram(test, 'lftp'),
  connect: (program, target, scratch) => lftpFtp(program, target, scratch, 'plain'),
};

export const LFTP_IMPLICIT: ClientOf<Lftp> = {
  name: 'lftp over implicit TLS',
  require: (test) => requireProgram(test, 'lftp'),
  connect: (program, target, scratch) => lftpFtp(program, target, scratch, 'implicit'),
};

export const RCLONE_EXPLICIT: ClientOf<Rclone> = {
  name: 'rclone over explicit TLS',
  require: (test) => requireProgram(test, 'rclone'),
  connect: (program, target, scratch) => rcloneFtp(program, target, scratch, 'explicit'),
};

export const RCLONE_IMPLICIT: ClientOf<Rclone> = {
  name: 'rclone over implicit TLS',
  require: (test) => requireProgram(test, 'rclone'),
  connect: (program, target, scratch) => rcloneFtp(program, target, scratch, 'implicit'),
};
