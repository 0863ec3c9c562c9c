import type { Client } from './client.js';
import { basicFtp } from './clients/basic-ftp.js';
import { type Curl, curl } from './clients/curl.js';
import { type Ftplib, ftplib } from './clients/ftplib.js';
import { type Lftp, lftpFtp } from './clients/lftp.js';
import { ncftp } from './clients/ncftp.js';
import { type Rclone, rcloneFtp } from './clients/rclone.js';
import { tnftp } from './clients/tnftp.js';
import type { ClientOf } from './clients.js';
import { requireProgram, requirePython } from './run.js';
import { FTPLIB_STEPS } from './script/ftplib.js';
import { LFTP_FTP_STEPS } from './script/lftp-ftp.js';
import type { Amount } from './script/step.js';

/** There are many of these clients, and what is stored does not depend on the protocol. */
const SMALL: Amount = { mebibytes: 24, files: 60 };

export const CURL_EXPLICIT: ClientOf<Curl> = {
  name: 'curl over explicit TLS',
  require: (test) => requireProgram(test, 'curl'),
  // It waits a tenth of a second at each data connection over TLS.
  amount: { ...SMALL, files: 40 },
  connect: (program, target) => curl(program, target, 'explicit'),
};

export const LFTP_PLAIN: ClientOf<Lftp> = {
  name: 'lftp over FTP',
  require: (test) => requireProgram(test, 'lftp'),
  eachName: true,
  amount: SMALL,
  connect: (program, target, scratch) => lftpFtp(program, target, scratch, 'plain'),
  extras: LFTP_FTP_STEPS,
};

export const LFTP_IMPLICIT: ClientOf<Lftp> = {
  name: 'lftp over implicit TLS',
  require: (test) => requireProgram(test, 'lftp'),
  amount: SMALL,
  connect: (program, target, scratch) => lftpFtp(program, target, scratch, 'implicit'),
  extras: LFTP_FTP_STEPS,
  brief: true,
};

export const RCLONE_EXPLICIT: ClientOf<Rclone> = {
  name: 'rclone over explicit TLS',
  require: (test) => requireProgram(test, 'rclone'),
  amount: SMALL,
  connect: (program, target, scratch) => rcloneFtp(program, target, scratch, 'explicit'),
};

export const RCLONE_IMPLICIT: ClientOf<Rclone> = {
  name: 'rclone over implicit TLS',
  require: (test) => requireProgram(test, 'rclone'),
  amount: SMALL,
  connect: (program, target, scratch) => rcloneFtp(program, target, scratch, 'implicit'),
  brief: true,
};

export const FTPLIB_PLAIN: ClientOf<Ftplib> = {
  name: 'ftplib over FTP',
  require: (test) => requirePython(test, 'ftplib'),
  amount: SMALL,
  connect: (python, target) => ftplib(python, target, 'plain'),
  brief: true,
  extras: FTPLIB_STEPS,
};

export const FTPLIB_EXPLICIT: ClientOf<Ftplib> = {
  name: 'ftplib over explicit TLS',
  require: (test) => requirePython(test, 'ftplib'),
  amount: SMALL,
  connect: (python, target) => ftplib(python, target, 'explicit'),
  extras: FTPLIB_STEPS,
};

export const TNFTP: ClientOf<Client> = {
  name: 'tnftp',
  require: (test) => requireProgram(test, 'tnftp'),
  amount: SMALL,
  connect: tnftp,
};

export const NCFTP: ClientOf<Client> = {
  name: 'ncftp',
  require: (test) => requireProgram(test, 'ncftp'),
  amount: SMALL,
  connect: ncftp,
};

/** A library in this process: there is nothing to install. */
export const BASIC_FTP: ClientOf<Client> = {
  name: 'basic-ftp',
  require: () => 'basic-ftp',
  amount: SMALL,
  connect: (_program, target) => basicFtp(target),
};
