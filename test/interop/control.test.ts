import { it } from 'vitest';
import { LFTP, OPENSSH_SCP, OPENSSH_SFTP, PARAMIKO, RCLONE } from './clients.js';
import { requireProgram } from './run.js';
import { playSshd } from './servers.js';
import { interopSuite } from './suite.js';

// In the long run the script is also played against OpenSSH's own server: what it expects is what a plain server does.
if (process.env.LATCHKEY_TEST_LONG === '1') {
  interopSuite({ ...OPENSSH_SFTP, start: playSshd });
  interopSuite({ ...OPENSSH_SCP, start: playSshd });
  interopSuite({ ...RCLONE, start: playSshd });
  interopSuite({ ...LFTP, start: playSshd });
  interopSuite({ ...PARAMIKO, start: playSshd });
}

it('has the server that the control needs', (test) => {
  requireProgram(test, 'sshd');
});
