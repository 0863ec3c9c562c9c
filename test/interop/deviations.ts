import { LISTED } from './script/names.js';

/** What a client cannot do, whatever the server. A deviation that turns out not to be needed fails its test. */
export interface Deviation {
  readonly client: string;
  /** Ids of steps of the script. */
  readonly steps: readonly string[];
  readonly reason: string;
}

export const DEVIATIONS: readonly Deviation[] = [
  {
    client: 'OpenSSH sftp',
    steps: ['see'],
    reason: 'its listings show times to the minute',
  },
  {
    client: 'OpenSSH sftp',
    steps: ['remove-tree'],
    reason: 'it has no recursive remove',
  },
  {
    client: 'OpenSSH sftp',
    steps: ['name-newline'],
    reason: 'a batch has one command a line; whole directories with such names work',
  },
  {
    client: 'OpenSSH scp',
    steps: [
      'see',
      'resume-upload',
      'resume-download',
      'rename',
      'rename-across',
      'rename-over',
      'mkdir-rmdir',
      'remove',
      'permissions',
      'symlinks',
      'free-space',
      'rename-directory',
      'remove-tree',
      ...LISTED,
    ],
    reason: 'it copies and does nothing else',
  },
  {
    client: 'rclone',
    steps: ['resume-upload', 'resume-download'],
    reason: 'it starts an interrupted transfer again',
  },
  {
    client: 'rclone',
    steps: ['permissions', 'symlinks'],
    reason: 'it knows neither permissions nor symbolic links over SFTP',
  },
  {
    client: 'lftp',
    steps: ['name-newline'],
    reason: 'a script has one command a line; whole directories with such names work',
  },
  {
    client: 'lftp',
    steps: ['rename-over'],
    reason: 'it renames as version 3 of the protocol says, which never replaces',
  },
  {
    client: 'lftp',
    steps: ['free-space'],
    reason: 'it has no command for it',
  },
  {
    client: 'paramiko',
    steps: ['remove-tree', 'free-space'],
    reason: 'its API has neither',
  },
  { client: 'sshfs', steps: ['times'], reason: 'it takes the first second of 1970 for no time' },
  // FTP itself.
  ...[
    'curl over explicit TLS',
    'lftp over FTP',
    'lftp over implicit TLS',
    'rclone over explicit TLS',
    'rclone over implicit TLS',
    'ftplib over explicit TLS',
    'ftplib over FTP',
    'tnftp',
    'ncftp',
    'basic-ftp',
  ].flatMap((client): Deviation[] => [
    {
      client,
      steps: ['name-newline', 'listed-newline'],
      reason: 'FTP has one command a line, and one name a line of a listing',
    },
    { client, steps: ['symlinks'], reason: 'FTP has no command that makes a symbolic link' },
  ]),
  ...[
    'curl over explicit TLS',
    'lftp over FTP',
    'lftp over implicit TLS',
    'rclone over explicit TLS',
    'rclone over implicit TLS',
    'tnftp',
    'ncftp',
    'basic-ftp',
  ].map((client) => ({ client, steps: ['free-space'], reason: 'it does not ask for it over FTP' })),
  {
    client: 'curl over explicit TLS',
    steps: ['name-control', 'listed-control'],
    reason: 'it refuses URLs with control characters in them',
  },
  {
    client: 'curl over explicit TLS',
    steps: ['remove-tree'],
    reason: 'it has no recursive remove',
  },
  {
    client: 'ftplib over explicit TLS',
    steps: ['remove-tree'],
    reason: 'it has no recursive remove',
  },
  {
    client: 'ftplib over FTP',
    steps: ['remove-tree'],
    reason: 'it has no recursive remove',
  },
  {
    client: 'ncftp',
    steps: ['resume-upload'],
    reason: 'it announces that it continues, and sends the whole file',
  },
  { client: 'ncftp', steps: ['remove-tree'], reason: 'it gives up at a directory that is not empty' },
  { client: 'ncftp', steps: ['times'], reason: 'it takes the first second of 1970 for no time' },
  { client: 'ncftp', steps: ['deep-tree'], reason: 'it leaves out paths that are longer than 512 bytes' },
  {
    client: 'ncftp',
    steps: ['name-255-bytes', 'listed-255-bytes'],
    reason: 'it stops at a name of 255 bytes in a directory',
  },
  {
    client: 'tnftp',
    steps: ['remove-tree'],
    reason: 'it has no recursive remove',
  },
  ...['rclone over explicit TLS', 'rclone over implicit TLS'].flatMap((client): Deviation[] => [
    {
      client,
      steps: ['resume-upload', 'resume-download'],
      reason: 'it starts an interrupted transfer again',
    },
    { client, steps: ['permissions'], reason: 'it does not know permissions over FTP' },
    {
      client,
      steps: ['name-control', 'listed-control'],
      reason: 'it stores the symbols of control characters and does not find the file afterwards',
    },
  ]),
  // S3.
  { client: 's3cmd', steps: ['ranges'], reason: 'it has no option for a part of an object' },
];

export function deviationOf(client: string, step: string): Deviation | undefined {
  return DEVIATIONS.find((deviation) => deviation.client === client && deviation.steps.includes(step));
}
