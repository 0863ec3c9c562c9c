// The programs that the interop tests drive. They are installed where that is ours to do (root on a Debian),
// and named as missing elsewhere: the tests that need them then say so, and fail when CI is set.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/** Directories searched after PATH: Debian keeps sshd where ordinary users do not look. */
const EXTRA_PATH = ['/usr/bin', '/usr/sbin', '/usr/local/sbin', '/sbin'];

/** What must be there, how to tell, and the Debian package that brings it. */
const CLIENTS = [
  {
    name: 'OpenSSH client',
    debian: 'openssh-client',
    find: () => program('sftp') && program('scp') && program('ssh-keygen'),
  },
  { name: 'OpenSSH server', debian: 'openssh-server', find: () => program('sshd') },
  {
    name: 'OpenSSH sftp-server',
    debian: 'openssh-sftp-server',
    find: () => executable('/usr/lib/openssh/sftp-server'),
  },
  { name: 'rclone', debian: 'rclone', find: () => program('rclone') },
  { name: 'lftp', debian: 'lftp', find: () => program('lftp') },
  { name: 'paramiko', debian: 'python3-paramiko', find: () => pythonWith('paramiko') },
  { name: 'cryptography for Python', debian: 'python3-cryptography', find: () => pythonWith('cryptography') },
  { name: 'curl', debian: 'curl', find: () => program('curl') },
  { name: 'tnftp', debian: 'tnftp', find: () => program('tnftp') },
  { name: 'ncftp', debian: 'ncftp', find: () => program('ncftp') },
  { name: 'wget', debian: 'wget', find: () => program('wget') },
  { name: 'vsftpd', debian: 'vsftpd', find: () => program('vsftpd') },
  { name: 'FileZilla', debian: 'filezilla', find: () => program('filezilla') },
  { name: 'a screen for FileZilla', debian: 'xvfb', find: () => program('Xvfb') },
  { name: 'a keyboard for FileZilla', debian: 'xdotool', find: () => program('xdotool') },
  { name: 'sshfs', debian: 'sshfs', find: () => program('sshfs') },
  { name: 'AWS CLI', debian: 'awscli', find: () => program('aws') },
  { name: 'boto3', debian: 'python3-boto3', find: () => pythonWith('boto3') },
  { name: 's3cmd', debian: 's3cmd', find: () => program('s3cmd') },
  { name: 'restic', debian: 'restic', find: () => program('restic') },
  { name: 'duplicity', debian: 'duplicity', find: () => program('duplicity') },
  { name: 's3fs', debian: 's3fs', find: () => program('s3fs') },
  { name: 'Amazon SDK for Ruby', debian: 'ruby-aws-sdk-s3', find: () => rubyWith('aws-sdk-s3') },
  { name: 'expect', debian: 'expect', find: () => program('expect') },
];

function executable(file) {
  try {
    accessSync(file, constants.X_OK);
    return file;
  } catch {
    return undefined;
  }
}

/** The full path of a program, or undefined. */
export function program(name) {
  const places = [...(process.env.PATH ?? '').split(path.delimiter), ...EXTRA_PATH];
  for (const place of places) {
    const found = place === '' ? undefined : executable(path.join(place, name));
    if (found) return found;
  }
  return undefined;
}

/** A Python 3 that can import `module`: the one in PATH may not be the one that Debian's packages belong to. */
export function pythonWith(module) {
  for (const python of new Set([program('python3'), '/usr/bin/python3'])) {
    if (python === undefined || !executable(python)) continue;
    if (spawnSync(python, ['-c', `import ${module}`], { stdio: 'ignore' }).status === 0) return python;
  }
  return undefined;
}

/** A Ruby that can load `library`, on the same terms. */
export function rubyWith(library) {
  for (const ruby of new Set([program('ruby'), '/usr/bin/ruby'])) {
    if (ruby === undefined || !executable(ruby)) continue;
    if (spawnSync(ruby, ['-e', `require '${library}'`], { stdio: 'ignore' }).status === 0) return ruby;
  }
  return undefined;
}

/** The clients that are not there. */
export function missingClients() {
  return CLIENTS.filter((client) => !client.find());
}

/** Installs what is missing when run as root with apt-get; returns what is still missing, with the reason. */
export function installClients(say = console.log) {
  const missing = missingClients();
  if (missing.length === 0) return [];
  const root = process.getuid?.() === 0;
  const apt = program('apt-get');
  if (!root || !apt) {
    const reason = apt ? 'not run as root, so nothing was installed' : 'no apt-get here to install it with';
    return missing.map(({ name, debian }) => ({ name, debian, reason }));
  }
  const packages = missing.map((client) => client.debian);
  say(`installing ${packages.join(', ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', ...packages],
  ]) {
    const done = spawnSync(apt, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
    if (done.status !== 0) say(`apt-get ${args[0]} failed with status ${done.status}`);
  }
  return missingClients().map(({ name, debian }) => ({
    name,
    debian,
    reason: 'apt-get could not install it',
  }));
}
