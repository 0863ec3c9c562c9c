import type { Client } from './client.js';
import { lftp } from './clients/lftp.js';
import { type OpensshSftp, opensshScp, opensshSftp } from './clients/openssh.js';
import { type Paramiko, paramiko } from './clients/paramiko.js';
import { type Rclone, rclone } from './clients/rclone.js';
import { requireSshfs, type Sshfs, sshfs } from './clients/sshfs.js';
import { requireProgram, requirePython } from './run.js';
import { OPENSSH_STEPS } from './script/openssh.js';
import { PARAMIKO_STEPS } from './script/paramiko.js';
import { RCLONE_STEPS } from './script/rclone.js';
import { SSHFS_STEPS } from './script/sshfs.js';
import type { Suite } from './suite.js';

export type ClientOf<C extends Client> = Omit<Suite<C>, 'start'>;

export const OPENSSH_SFTP: ClientOf<OpensshSftp> = {
  name: 'OpenSSH sftp',
  require: (test) => requireProgram(test, 'sftp'),
  connect: opensshSftp,
  // OpenSSH moves many bytes in every run, rclone many files.
  amount: { mebibytes: 256, files: 300 },
  eachName: true,
  extras: OPENSSH_STEPS,
};

export const OPENSSH_SCP: ClientOf<Client> = {
  name: 'OpenSSH scp',
  require: (test) => requireProgram(test, 'scp'),
  connect: opensshScp,
};

export const RCLONE: ClientOf<Rclone> = {
  name: 'rclone',
  require: (test) => requireProgram(test, 'rclone'),
  connect: rclone,
  amount: { mebibytes: 64, files: 1000 },
  eachName: true,
  extras: RCLONE_STEPS,
};

export const LFTP: ClientOf<Client> = {
  name: 'lftp',
  require: (test) => requireProgram(test, 'lftp'),
  connect: lftp,
};

export const PARAMIKO: ClientOf<Paramiko> = {
  name: 'paramiko',
  require: (test) => requirePython(test, 'paramiko'),
  connect: (python, target) => paramiko(python, target),
  extras: PARAMIKO_STEPS,
};

export const SSHFS: ClientOf<Sshfs> = {
  name: 'sshfs',
  require: requireSshfs,
  connect: sshfs,
  amount: { mebibytes: 32, files: 100 },
  eachName: true,
  extras: SSHFS_STEPS,
};
